import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { isWriteRefusal } from '../../domain/lifecycle/failure-causes.ts';
import { withFindings } from '../../domain/status/conditions.ts';
import type { ControllerContext } from '../controller.ts';

/** What is wrong with an instance; as a condition with status False says it. */
export interface Problem {
  readonly severity: 'Error' | 'Warning' | 'Info';
  readonly reason: string;
  readonly message: string;
}

/** `error`, if where an instance is all works but writing. @throws any other one */
export function onlyRefused(error: unknown): PlatformError {
  if (error instanceof PlatformError && isWriteRefusal(error.code)) return error;
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

/** What a condition says of an instance: a problem, or that there is none. */
type Finding = Problem | { readonly status: 'True'; readonly reason?: string; readonly message?: string };

/**
 * Says by conditions what was found about an instance, in one write, unless they say so already. What is a problem becomes an Event
 * by `status-events.ts`.
 * @param findings by the condition's type; undefined: the condition is not there
 * @param also more of the status, if anything is written
 */
export async function setConditions(
  { resources }: Pick<ControllerContext, 'resources'>,
  kind: ManagedKind,
  { metadata, status }: Stored<ManagedInstance>,
  findings: Readonly<Record<string, Finding | undefined>>,
  also: Record<string, unknown> = {},
): Promise<void> {
  const before = status?.conditions ?? [];
  const conditions = withFindings(before, findings, new Date().toISOString());
  if (conditions === before) return;
  const { name, namespace = '', resourceVersion } = metadata;
  const changed = { ...also, conditions };
  await instanceResources(resources, kind).patchStatus({ namespace, name }, changed, resourceVersion);
}
