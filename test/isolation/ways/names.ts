import type { Way } from '../way.ts';
import { type Actor, management } from '../world.ts';

const strangers = ['rex', 'bob'] as const satisfies Actor[];
const home = { rex: 'red', bob: 'blue' } as const;

/** What a request names beside its target: sources, templates, clusters, projects, owners. */
export const namedWays: readonly Way[] = strangers.flatMap((who): Way[] => [
  {
    who,
    tries: "makes a tenant cluster in ana's host namespace",
    request: `POST ${management}/namespaces/p-${home[who]}/virtualclusterinstances`,
    body: {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: `in-anas-${who}` },
      spec: {
        templateRef: { name: 'default' },
        clusterRef: { cluster: 'local', namespace: 'loft-red-v-dev', virtualCluster: 'dev' },
      },
    },
    sees: [403, 422],
  },
  {
    who,
    tries: "makes a space in ana's namespace",
    request: `POST ${management}/namespaces/p-${home[who]}/spaceinstances`,
    body: {
      apiVersion: 'management.loft.sh/v1',
      kind: 'SpaceInstance',
      metadata: { name: `in-anas-${who}` },
      spec: { clusterRef: { cluster: 'local', namespace: 'loft-red-s-work' } },
    },
    sees: [403, 422],
  },
  {
    who,
    tries: 'makes a tenant cluster in kube-system',
    request: `POST ${management}/namespaces/p-${home[who]}/virtualclusterinstances`,
    body: {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: `in-system-${who}` },
      spec: { templateRef: { name: 'default' }, clusterRef: { cluster: 'local', namespace: 'kube-system' } },
    },
    sees: [403, 422],
  },
  {
    who,
    tries: 'makes a tenant cluster in a project that is not his',
    request: `POST ${management}/namespaces/p-${who === 'rex' ? 'blue' : 'red'}/virtualclusterinstances`,
    body: {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: 'elsewhere' },
      spec: { templateRef: { name: 'default' } },
    },
    sees: [403, 404],
    verb: 'tenant:create',
  },
]);
