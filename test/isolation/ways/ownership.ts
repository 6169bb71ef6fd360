import assert from 'node:assert/strict';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { OperationType } from '../../../contracts/verbs.ts';
import type { Seen, Way } from '../way.ts';
import { management, type World } from '../world.ts';

const name = 'trespasser';
const victims = {
  tenant: {
    kind: 'VirtualClusterInstance',
    plural: 'virtualclusterinstances',
    clusterRef: { cluster: 'local', namespace: 'loft-red-v-dev', virtualCluster: 'dev' },
    inside: `/kubernetes/project/blue/virtualcluster/${name}/api/v1/namespaces/default/configmaps`,
    verbs: ['wake', 'sleep', 'snapshot', 'update', 'delete'],
  },
  space: {
    kind: 'SpaceInstance',
    plural: 'spaceinstances',
    clusterRef: { cluster: 'local', namespace: 'loft-red-s-work' },
    inside: `/kubernetes/project/blue/space/${name}/api/v1/namespaces/loft-red-s-work/configmaps`,
    verbs: ['wake', 'sleep', 'delete'],
  },
} as const satisfies Record<
  ManagedKind,
  { kind: string; plural: string; clusterRef: object; inside: string; verbs: readonly OperationType[] }
>;

/** Bob's, in the place of ana's: who administers the connected cluster may write such a place. */
async function trespass(world: World, subject: ManagedKind): Promise<void> {
  const { kind, plural, clusterRef } = victims[subject];
  const spec = { owner: { user: 'bob' }, clusterRef };
  const answer = await world.call('admin', 'POST', `${management}/namespaces/p-blue/${plural}`, {
    apiVersion: 'management.loft.sh/v1',
    kind,
    metadata: { name },
    spec: subject === 'tenant' ? { ...spec, templateRef: { name: 'default' } } : spec,
  });
  assert.ok(answer.status === 201 || answer.status === 409, answer.text);
  const create = await world.settled(subject, 'blue', name);
  assert.notEqual(create.state, 'succeeded');
}

const of = (subject: ManagedKind): Way[] => {
  const { inside, verbs, plural } = victims[subject];
  const after =
    (attack: (world: World) => Promise<Seen | Awaited<ReturnType<World['operate']>>>) =>
    async (world: World) => {
      await trespass(world, subject);
      return attack(world);
    };
  const read: Way = {
    who: 'bob',
    tries: `goes through the gateway into his ${subject} that was refused ana's namespace`,
    request: `GET ${inside}`,
    sees: 503,
    says: /is not ready/,
    attack: after((world) => world.call('bob', 'GET', inside)),
  };
  return [
    read,
    ...verbs.map(
      (type): Way => ({
        who: 'bob',
        tries: `${type}s his ${subject} that was refused ana's namespace`,
        request: `POST /api/v1/projects/blue/${subject === 'tenant' ? 'virtualclusters' : 'spaces'}/${name}/operations`,
        // A delete takes his resource, and nothing of ana's (world-state.ts).
        sees: type === 'delete' ? 202 : 409,
        verb: `${subject}:${type}`,
        attack: after((world) => world.operate('bob', subject, 'blue', name, { type })),
      }),
    ),
    {
      who: 'admin',
      tries: `makes a ${subject} in a namespace of Kubernetes`,
      request: `POST ${management}/namespaces/p-blue/${plural}`,
      body: {
        apiVersion: 'management.loft.sh/v1',
        kind: victims[subject].kind,
        metadata: { name: 'in-system' },
        spec: {
          ...(subject === 'tenant' ? { templateRef: { name: 'default' } } : {}),
          clusterRef: { cluster: 'local', namespace: 'kube-system' },
        },
      },
      sees: 422,
      says: /belongs to Kubernetes or to the platform/,
    },
  ];
};

/** Two that would share a namespace: who came second has nothing of who was first. */
export const ownershipWays: readonly Way[] = [
  ...of('tenant'),
  ...of('space'),
  ...['virtualCluster', 'space'].map(
    (field): Way => ({
      who: 'admin',
      tries: `gives a project a pattern of a ${field}'s namespace that another project's would share`,
      request: `POST ${management}/projects`,
      body: {
        apiVersion: 'management.loft.sh/v1',
        kind: 'Project',
        metadata: { name: 'green' },
        spec: { namespacePattern: { [field]: 'team-{{ .Values.loft.name }}' } },
      },
      sees: 422,
      says: /does not tell projects apart/,
    }),
  ),
];
