import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import type { ResourceClient, Stored } from '../../adapters/kubernetes/resources.ts';
import type { OperationTarget } from '../../contracts/kinds.ts';
import { isFinal } from '../../contracts/operations.ts';
import type { NextAttemptStatus } from '../../contracts/resources/instance-status.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { operationTypes } from '../../contracts/verbs.ts';
import { type AttemptRow, listAttempts, settleAttempts } from '../../db/queries/attempts.ts';
import {
  type AttemptMark,
  attemptSentence,
  defaultRetryPauses,
  type NextAttempt,
  nextAttempt,
} from '../../domain/lifecycle/attempts.ts';
import type { NextOperation } from '../../domain/lifecycle/desired-state.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import { type ControllerContext, resync, underWay } from '../controller.ts';

/** The status says that an operation ended just before its row does. */
const endingMs = 200;
/** After a restart, and when a cluster comes back, not everything that waits is tried in the same moment. */
const longestSpreadMs = 10_000;

type Judged = { readonly submit: NextOperation } | { readonly later: Requeue };
type Waiting = Exclude<NextAttempt, { action: 'submit' }>;

/** Decides, by what was tried before, which of the operations that an instance asks for is submitted now, and says so in its status. */
export function createAttempts(
  {
    operations,
    retryPauses: pauses = defaultRetryPauses,
  }: Pick<ControllerContext, 'operations' | 'retryPauses'>,
  resources: Pick<ResourceClient<ManagedInstance>, 'patchStatus'>,
) {
  const spreadMs = Math.min(pauses.firstMs, longestSpreadMs);
  /** When what is long due is tried, by the operation that it follows. */
  const spread = new Map<string, number>();

  /** @param needed what the instance asks for, in the order in which it is tried */
  async function judge(
    instance: Stored<ManagedInstance>,
    target: OperationTarget,
    needed: readonly NextOperation[],
    mark: AttemptMark,
  ): Promise<Judged> {
    const { status, metadata } = instance;
    const subject = { ...target, uid: metadata.uid };
    await forget(instance, subject, needed);
    if (needed.length === 0) return later(instance, undefined);
    const rows = await operations.database.query((db) => listAttempts(db, subject, askedFor));
    const { id, state = 'queued' } = status?.lastOperation ?? {};
    if (isFinal(state) && rows.some((row) => row.id === id && !isFinal(row.state)))
      return { later: { requeueAfterMs: endingMs } };
    const waiting: { next: NextOperation; decision: Waiting }[] = [];
    for (const next of needed) {
      const tried = rows.filter((row) => isAttempt(row, next));
      // Submitted once more it would be another one, if it ended in between.
      if (tried.some(({ state: present }) => !isFinal(present))) {
        await show(instance, undefined);
        return { later: underWay };
      }
      const decision = nextAttempt(next.type, tried, mark, pauses);
      const after = decision.action === 'submit' ? decision.after : tried[0]?.id;
      if (decision.action !== 'submit' && !isDue(decision, after ?? '')) waiting.push({ next, decision });
      else return { submit: after === undefined ? next : following(next, after) };
    }
    return later(instance, waiting.toSorted((a, b) => timeOf(a.decision) - timeOf(b.decision) || 0)[0]);
  }

  /** What failed and is not wanted any more counts as new when it is wanted again. */
  async function forget(
    { status }: Stored<ManagedInstance>,
    subject: OperationTarget & { uid: string },
    needed: readonly NextOperation[],
  ): Promise<void> {
    const { failedHash, nextAttempt: shown, lastOperation } = status ?? {};
    const targetHashes = [failedHash, shown?.targetHash].filter((hash) => hash !== undefined);
    const over = targetHashes.filter((hash) => !needed.some(({ targetHash }) => targetHash === hash));
    const isOver =
      lastOperation !== undefined &&
      ['failed', 'cancelled'].includes(lastOperation.state) &&
      !needed.some(({ type }) => type === lastOperation.type);
    if (over.length === 0 && !isOver) return;
    const ended = { targetHashes: over, ids: isOver ? [lastOperation.id] : [] };
    await operations.database.query((db) => settleAttempts(db, subject, ended));
  }

  async function later(
    instance: Stored<ManagedInstance>,
    found: { readonly next: NextOperation; readonly decision: Waiting } | undefined,
  ): Promise<Judged> {
    await show(instance, found && announcementOf(found.next, found.decision));
    if (found?.decision.action !== 'wait') return { later: resync };
    const dueMs = Math.max(0, timeOf(found.decision) - Date.now()) + (isLate(found.decision) ? spreadMs : 0);
    return { later: { requeueAfterMs: Math.min(dueMs, resync.requeueAfterMs) } };
  }

  /** Writes `status.nextAttempt` if it says something else. */
  async function show(
    { metadata, status }: Stored<ManagedInstance>,
    announced: NextAttemptStatus | undefined,
  ): Promise<void> {
    if (status?.nextAttempt?.message === announced?.message) return;
    const { namespace = '', name } = metadata;
    await resources.patchStatus({ namespace, name }, { nextAttempt: announced ?? null });
  }

  function isDue(decision: Waiting, after: string): boolean {
    if (decision.action !== 'wait' || timeOf(decision) > Date.now()) return false;
    if (!isLate(decision)) return true;
    const at = spread.get(after) ?? Date.now() + Math.random() * spreadMs;
    if (spread.size > 10_000) spread.clear();
    spread.set(after, at);
    return at <= Date.now();
  }

  function isLate(decision: Waiting): boolean {
    return decision.action === 'wait' && Date.now() - timeOf(decision) > pauses.firstMs;
  }

  return {
    judge,
    /** Takes the announcement of an attempt off, now that it is under way. */
    begun: (instance: Stored<ManagedInstance>) => show(instance, undefined),
  };
}

/** Operations that a resource asks for. */
const askedFor = operationTypes.filter(
  (type) => verbRules[type].aim !== 'request' || 'delete' in verbRules[type].request,
);

function isAttempt(row: AttemptRow, { type, targetHash }: NextOperation): boolean {
  return row.type === type && (type === 'delete' || row.targetHash === targetHash);
}

function following(next: NextOperation, after: string): NextOperation {
  return { ...next, idempotencyKey: `${next.idempotencyKey}:after:${after}` };
}

function timeOf(decision: Waiting): number {
  return decision.action === 'wait' ? decision.at.getTime() : Number.POSITIVE_INFINITY;
}

function announcementOf({ type, targetHash }: NextOperation, decision: Waiting): NextAttemptStatus {
  return {
    type,
    targetHash,
    message: attemptSentence(type, decision),
    ...(decision.action === 'wait' ? { at: decision.at.toISOString() } : {}),
  };
}
