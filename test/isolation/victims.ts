import type { ManagedKind } from '../../contracts/kinds.ts';

/** What belongs to ana and bob: no way of the table may change it. */
export interface Victim {
  readonly who: 'ana' | 'bob';
  readonly kind: ManagedKind;
  readonly project: 'red' | 'blue';
  readonly name: string;
  /** Where it lives in connected cluster `local`. */
  readonly namespace: string;
}

export const victims: readonly Victim[] = [
  { who: 'ana', kind: 'tenant', project: 'red', name: 'dev', namespace: 'loft-red-v-dev' },
  { who: 'ana', kind: 'space', project: 'red', name: 'work', namespace: 'loft-red-s-work' },
  { who: 'bob', kind: 'tenant', project: 'blue', name: 'dev', namespace: 'loft-blue-v-dev' },
  { who: 'bob', kind: 'space', project: 'blue', name: 'work', namespace: 'loft-blue-s-work' },
  // By the patterns of stored-patterns.ts, which the same names in project blue give these namespaces too.
  { who: 'ana', kind: 'tenant', project: 'red', name: 'joint', namespace: 'team-joint' },
  { who: 'ana', kind: 'space', project: 'red', name: 'joint', namespace: 'room-joint' },
];

/** Where its ConfigMaps are, on the gateway. */
export function configMapsOf({ kind, project, name, namespace }: Victim): string {
  return kind === 'tenant'
    ? `/kubernetes/project/${project}/virtualcluster/${name}/api/v1/namespaces/default/configmaps`
    : `/kubernetes/project/${project}/space/${name}/api/v1/namespaces/${namespace}/configmaps`;
}
