import type { ManagedKind } from '../../contracts/kinds.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import type { SleepPolicyStatus } from '../../contracts/resources/sleep-policy-status.ts';
import { descriptorOf } from '../kinds/kinds.ts';
import {
  effectivePolicy,
  type SaidSettings,
  saidByAnnotations,
  saidByInstance,
  saidByStatus,
} from './sleep-settings.ts';

/** What an instance belongs to; undefined if it is not there. */
export interface Surroundings {
  /** The one that it names. */
  readonly template: ManagedTemplate | undefined;
  readonly project: Project | undefined;
}

/**
 * The sleep policy that holds for an instance, for its status: template, then its own annotations, then its inline template, then the
 * annotations of its project. A template that went away takes nothing from what runs.
 */
export function resolvedPolicy(
  kind: ManagedKind,
  instance: ManagedInstance,
  { template, project }: Surroundings,
): SleepPolicyStatus {
  const name = descriptorOf(kind).templateName(instance);
  const made = madeSaid(kind, instance, template);
  return effectivePolicy({
    ...(name === undefined ? { instance: made } : { template: faultsOf(`template ${name}`, made) }),
    annotation: saidByInstance(instance.metadata),
    project: faultsOf(
      `project ${project?.metadata.name ?? ''}`,
      saidByAnnotations(project?.metadata.annotations),
    ),
  });
}

/** Whether what an instance is made of says that it is not to be deleted. */
export function isDeletionPrevented(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): boolean {
  const { preventDeletion } = madeSaid(kind, instance, template);
  return preventDeletion !== undefined && 'value' in preventDeletion && preventDeletion.value;
}

/** What an instance is made of says; of a template that went away, what it said. */
function madeSaid(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
): SaidSettings {
  const said = descriptorOf(kind).sleepSaid(instance, template);
  return said ?? saidByStatus(instance.status?.sleepPolicy).template ?? {};
}

/** Says of each fault where it stands, once. */
function faultsOf(where: string, said: SaidSettings): SaidSettings {
  return Object.fromEntries(
    Object.entries(said).map(([setting, one]) => [
      setting,
      'fault' in one && !one.fault.startsWith(`${where}: `) ? { fault: `${where}: ${one.fault}` } : one,
    ]),
  ) as SaidSettings;
}
