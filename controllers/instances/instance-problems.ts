import { recordEvent } from '../../adapters/kubernetes/events.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { managementApiVersion, writers } from '../../contracts/names.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import { type ManagedInstance, resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import type { ControllerContext } from '../controller.ts';

/** What is wrong with an instance; as a condition with status False says it. */
export interface Problem {
  readonly severity: 'Error' | 'Warning' | 'Info';
  readonly reason: string;
  readonly message: string;
}

const refusals: ReadonlySet<string> = new Set(['admission_refused', 'quota_exceeded', 'store_full']);

/** `error`, if where an instance is all works but writing. @throws any other one */
export function onlyRefused(error: unknown): PlatformError {
  if (error instanceof PlatformError && refusals.has(error.code)) return error;
  throw error;
}

/** `AccessGranted`: what a refused write of RBAC means to who waits for access. */
export function accessProblem({ code, details, message }: PlatformError): Problem {
  return {
    severity: 'Warning',
    reason: typeof details?.['reason'] === 'string' ? details['reason'] : code,
    message: `Changes of access cannot be written: ${message}. Change or delete what refuses them; the platform goes on trying`,
  };
}

/** A condition that is True. */
export const isTrue = { status: 'True' } as const;

/**
 * Says of an instance what is wrong, by conditions that are False while it is, in one write; and by an Event for each
 * reason that is new. What is said already is not written again.
 * @param problems by the condition's type; undefined: all is well, and the condition is not there
 * @param also more of the status, if anything is written
 */
export async function sayProblems(
  { client, resources, logger }: Pick<ControllerContext, 'client' | 'resources' | 'logger'>,
  kind: ManagedKind,
  instance: Stored<ManagedInstance>,
  problems: Readonly<Record<string, Problem | typeof isTrue | undefined>>,
  also: Record<string, unknown> = {},
): Promise<void> {
  const before = instance.status?.conditions ?? [];
  const now = new Date().toISOString();
  const conditions = Object.entries(problems).reduce<readonly Condition[]>(
    (all, [type, problem]) =>
      problem === undefined
        ? withoutCondition(all, type)
        : withCondition(all, { type, status: 'False', ...problem }, now),
    before,
  );
  if (conditions === before) return;
  const { name, namespace = '', uid, resourceVersion } = instance.metadata;
  const status = { ...also, conditions };
  await instanceResources(resources, kind).patchStatus({ namespace, name }, status, resourceVersion);
  const regarding = {
    apiVersion: managementApiVersion,
    kind: resourceKinds[kindNames[kind].plural].kind,
    metadata: { namespace, name, uid },
  };
  const told = new Set(before.map(({ reason }) => reason));
  for (const [type, problem] of Object.entries(problems)) {
    if (problem === undefined || 'status' in problem || problem.severity === 'Info') continue;
    if (told.has(problem.reason)) continue;
    const { reason, message } = problem;
    told.add(reason);
    await recordEvent(client, writers.controllers, regarding, {
      type: 'Warning',
      reason,
      action: type,
      message,
    }).catch((err: unknown) => logger.warn({ err, name, namespace, reason }, 'failed to record an event'));
  }
}
