import { annotations, projectOfNamespace } from '../../contracts/names.ts';
import type { SubjectKind } from '../../contracts/operations.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { subjectAction } from '../authorization/action.ts';
import type { Identity } from '../identity/identity.ts';
import type { Gateway } from '../gateway.ts';

interface Summary {
  readonly project: string;
  readonly name: string;
}

/** Those of `summaries` that `identity` may see, of one project if one is named, by project and name. */
export async function visibleSummaries<S extends Summary>(
  { review }: Pick<Gateway, 'review'>,
  { kind, identity, project }: { kind: SubjectKind; identity: Identity; project: string | undefined },
  summaries: readonly S[],
): Promise<S[]> {
  const asked = summaries.filter((one) => one.project !== '' && (project ?? one.project) === one.project);
  const visible = await review.filter(identity, asked, (one) =>
    subjectAction('get', { kind, project: one.project, name: one.name }),
  );
  return visible.toSorted((a, b) => `${a.project}/${a.name}`.localeCompare(`${b.project}/${b.name}`));
}

/** What a list says of a tenant cluster or a space alike. */
export function summaryOf({ metadata, spec, status }: SpaceInstance | VirtualClusterInstance) {
  return {
    name: metadata.name,
    project: projectOfNamespace(metadata.namespace ?? '') ?? '',
    phase: metadata.deletionTimestamp === undefined ? status?.phase || 'Pending' : 'Terminating',
    ...present({
      displayName: spec?.displayName,
      cluster: spec?.clusterRef?.cluster,
      reason: status?.reason,
      message: status?.message,
      createdAt: metadata.creationTimestamp,
      sleepingSince: metadata.annotations?.[annotations.sleepingSince],
      lastOperation: status?.lastOperation?.id,
    }),
  };
}

/** Those of `fields` that say something. */
export function present<T extends Record<string, string | undefined>>(
  fields: T,
): { [K in keyof T]?: string } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [K in keyof T]?: string };
}
