import { targetNames } from '../contracts/kinds.ts';
import type { Operation, OperationStep } from '../contracts/operations.ts';
import type { BlockingOperation } from '../db/queries/turns.ts';
import type { OperationRow } from '../db/schema/operations.ts';
import type { StepRow } from '../db/schema/operation-steps.ts';
import { operationWorkflowId } from '../contracts/workflows.ts';
import type { OperationsDeps } from './dependencies.ts';

/** An operation as the API shows it, from its rows alone. */
export function toOperation(
  deps: Pick<OperationsDeps, 'uiUrl' | 'temporal'>,
  row: OperationRow,
  steps: readonly StepRow[],
  extra: { live: boolean; blockedBy?: BlockingOperation | undefined },
): Operation {
  const shown = [...steps].sort((a, b) => a.position - b.position).map(toStep);
  const current = shown.find(({ state }) => state === 'running' || state === 'undoing');
  return {
    id: row.id,
    type: row.type,
    kind: row.kind,
    ...(row.project === '' ? {} : { project: row.project }),
    [targetNames[row.kind].field]: row.name,
    state: row.state,
    actor: row.actor,
    parameters: row.parameters,
    createdAt: row.createdAt.toISOString(),
    expectedMs: row.expectedMs,
    steps: shown,
    live: extra.live,
    ...optional({
      uid: row.uid,
      projectUid: row.projectUid,
      actorUid: row.actorUid,
      cluster: row.cluster,
      requestId: row.requestId,
      reason: row.reason,
      message: row.message,
      result: row.result,
      startedAt: row.startedAt?.toISOString(),
      finishedAt: row.finishedAt?.toISOString(),
      currentStep: current?.key,
      blockedBy: extra.blockedBy,
      temporalUrl: deps.uiUrl && temporalUrl(deps.uiUrl, deps.temporal.options.namespace, row.id),
    }),
  };
}

/** Page of the operation's workflow in Temporal's web UI. */
function temporalUrl(uiUrl: string, namespace: string, operationId: string): string {
  const workflow = encodeURIComponent(operationWorkflowId(operationId));
  return `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${workflow}`;
}

function toStep(row: StepRow): OperationStep {
  return {
    key: row.key,
    title: row.title,
    state: row.state,
    expectedMs: row.expectedMs,
    undo: row.undo,
    ...optional({
      message: row.message,
      startedAt: row.startedAt?.toISOString(),
      finishedAt: row.finishedAt?.toISOString(),
    }),
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

/** The fields that have a value. */
function optional<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as Present<T>;
}
