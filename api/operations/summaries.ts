import type { ManagedKind } from '../../contracts/kinds.ts';
import { annotations, projectOfNamespace } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { targetAction } from '../authorization/action.ts';
import type { Identity } from '../identity/identity.ts';
import type { Gateway } from '../gateway.ts';

/** What a list says of the instances of a kind that `identity` may see, of one project if one is named, by project and name. */
export async function visibleSummaries(
  { review, cache }: Pick<Gateway, 'review' | 'cache'>,
  { kind, identity, project }: { kind: ManagedKind; identity: Identity; project: string | undefined },
) {
  const asked = cache
    .instances(kind)
    .map((instance) => summaryOf(kind, instance))
    .filter((one) => one.project !== '' && (project ?? one.project) === one.project);
  const visible = await review.filter(identity, asked, (one) =>
    targetAction('get', { kind, project: one.project, name: one.name }),
  );
  return visible.toSorted((a, b) => `${a.project}/${a.name}`.localeCompare(`${b.project}/${b.name}`));
}

function summaryOf(kind: ManagedKind, instance: ManagedInstance) {
  const { metadata, spec, status } = instance;
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
      ...descriptorOf(kind).summary(instance),
    }),
  };
}

/** Those of `fields` that say something. */
function present<T extends Record<string, string | undefined>>(fields: T): { [K in keyof T]?: string } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [K in keyof T]?: string };
}
