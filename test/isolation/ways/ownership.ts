import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import type { Operation, OperationRequest } from '../../../contracts/operations.ts';
import { eventually } from '../../support/eventually.ts';
import type { Answer } from '../../support/platform.ts';
import { configMapsOf } from '../victims.ts';
import type { Way } from '../way.ts';
import { management, type World } from '../world.ts';

const apiVersion = 'management.loft.sh/v1';
const kinds = {
  tenant: {
    kind: 'VirtualClusterInstance',
    plural: 'virtualclusterinstances',
    spec: { templateRef: { name: 'default' } },
    verbs: [
      { type: 'wake' },
      { type: 'sleep' },
      { type: 'snapshot' },
      // A snapshot of bob's own, so that there is one to put in ana's place.
      { type: 'restore', parameters: { snapshot: 'kept', sourceTenantCluster: 'dev' } },
      { type: 'update' },
      { type: 'delete' },
    ],
  },
  space: {
    kind: 'SpaceInstance',
    plural: 'spaceinstances',
    spec: {},
    verbs: [{ type: 'wake' }, { type: 'sleep' }, { type: 'delete' }],
  },
} as const satisfies Record<
  ManagedKind,
  { kind: string; plural: string; spec: object; verbs: readonly OperationRequest[] }
>;

/** Something of bob's in project blue whose place is a namespace of ana's. */
interface Trespass {
  readonly subject: ManagedKind;
  readonly name: string;
  /** Ana's. */
  readonly namespace: string;
  /** Who made it so: an ordinary member by its name, or who administers the connected cluster by its place. */
  readonly by: 'bob' | 'admin';
}

const trespasses: readonly Trespass[] = [
  { subject: 'tenant', name: 'trespasser', namespace: 'loft-red-v-dev', by: 'admin' },
  { subject: 'space', name: 'trespasser', namespace: 'loft-red-s-work', by: 'admin' },
  { subject: 'tenant', name: 'joint', namespace: 'team-joint', by: 'bob' },
  { subject: 'space', name: 'joint', namespace: 'room-joint', by: 'bob' },
];

/** The end of its create, if it was not there yet. */
async function trespass(world: World, what: Trespass): Promise<Operation> {
  const { subject, name, namespace, by } = what;
  const { kind, plural, spec } = kinds[subject];
  const clusterRef = {
    cluster: 'local',
    namespace,
    ...(subject === 'tenant' ? { virtualCluster: 'dev' } : {}),
  };
  const answer = await world.call(by, 'POST', `${management}/namespaces/p-blue/${plural}`, {
    apiVersion,
    kind,
    metadata: { name },
    spec: by === 'admin' ? { ...spec, owner: { user: 'bob' }, clusterRef } : spec,
  });
  assert.ok(answer.status === 201 || answer.status === 409, answer.text);
  const create = await world.settled(subject, 'blue', name);
  assert.notEqual(create.state, 'succeeded');
  return create;
}

/** A change of its spec by bob, and the end of what follows. */
async function change(world: World, name: string): Promise<Answer | Operation> {
  const path = `${management}/namespaces/p-blue/virtualclusterinstances/${name}`;
  const before = await world.settled('tenant', 'blue', name);
  const headers = { 'content-type': 'application/merge-patch+json' };
  const body = { spec: { parameters: '# changed' } };
  const answer = await world.call('bob', 'PATCH', path, body, headers);
  if (answer.status !== 200) return answer;
  return eventually('what follows has ended', async () => {
    const newest = await world.settled('tenant', 'blue', name);
    return newest.id !== before.id && newest;
  });
}

/** What a kubeconfig for it opens. */
async function useKubeconfig(world: World, name: string, inside: string): Promise<Answer> {
  const path = `${management}/namespaces/p-blue/virtualclusterinstances/${name}/kubeconfig`;
  const answer = await world.call('bob', 'POST', path, { spec: { certificateTTL: 3600 } });
  assert.equal(answer.status, 201, answer.text);
  const { kubeConfig } = answer.json<{ status: { kubeConfig: string } }>().status;
  const { users } = parse(kubeConfig) as { users: { user: { token: string } }[] };
  return world.platform.call('GET', inside, undefined, { key: users[0]?.user.token ?? null });
}

const of = (what: Trespass): Way[] => {
  const { subject, name, namespace } = what;
  const { plural, verbs } = kinds[subject];
  const its = `his ${subject} ${name} that was refused ana's namespace`;
  const inside = configMapsOf({ who: 'bob', kind: subject, project: 'blue', name, namespace });
  const notReady = { sees: 503, says: /is not ready/ } as const;
  const after = (attack: (world: World) => Promise<Answer | Operation>) => async (world: World) => {
    await trespass(world, what);
    return attack(world);
  };
  const tenantOnly: Way[] = [
    {
      who: 'bob',
      tries: `takes a kubeconfig for ${its}`,
      request: `POST ${management}/namespaces/p-blue/virtualclusterinstances/${name}/kubeconfig`,
      ...notReady,
      attack: after((world) => useKubeconfig(world, name, inside)),
    },
    {
      who: 'bob',
      tries: `changes ${its}`,
      request: `PATCH ${management}/namespaces/p-blue/virtualclusterinstances/${name}`,
      sees: 409,
      verb: 'tenant:update',
      attack: after((world) => change(world, name)),
    },
  ];
  const ways: Way[] = [
    {
      who: 'bob',
      tries: `makes a ${subject} where ana's is (${name})`,
      request: `POST ${management}/namespaces/p-blue/${plural}`,
      sees: 409,
      says: new RegExp(`namespace ${namespace} of cluster local belongs to something else`),
      verb: `${subject}:create`,
      attack: (world) => trespass(world, what),
    },
    {
      who: 'bob',
      tries: `goes through the gateway into ${its}`,
      request: `GET ${inside}`,
      ...notReady,
      attack: after((world) => world.call('bob', 'GET', inside)),
    },
    ...(subject === 'tenant' ? tenantOnly : []),
    ...verbs.map(
      (body): Way => ({
        who: 'bob',
        tries: `asks for ${body.type} of ${its}`,
        request: `POST /api/v1/projects/blue/${kindNames[subject].collection}/${name}/operations`,
        // A delete takes his resource, and nothing of ana's (world-state.ts).
        sees: body.type === 'delete' ? 202 : 409,
        verb: `${subject}:${body.type}`,
        attack: after((world) => world.operate('bob', subject, 'blue', name, body)),
      }),
    ),
  ];
  return ways.map((way) => ({ ...way, chain: its }));
};

/** Two that would share a namespace: who came second has nothing of who was first. */
export const ownershipWays: readonly Way[] = [
  ...trespasses.flatMap(of),
  ...(['tenant', 'space'] as const).map(
    (subject): Way => ({
      who: 'admin',
      tries: `makes a ${subject} in a namespace of Kubernetes`,
      request: `POST ${management}/namespaces/p-blue/${kinds[subject].plural}`,
      body: {
        apiVersion,
        kind: kinds[subject].kind,
        metadata: { name: 'in-system' },
        spec: { ...kinds[subject].spec, clusterRef: { cluster: 'local', namespace: 'kube-system' } },
      },
      sees: 422,
      says: /belongs to Kubernetes or to the platform/,
    }),
  ),
  ...['virtualCluster', 'space'].map(
    (field): Way => ({
      who: 'admin',
      tries: `gives a project a pattern of a ${field}'s namespace that another project's would share`,
      request: `POST ${management}/projects`,
      body: {
        apiVersion,
        kind: 'Project',
        metadata: { name: 'green' },
        spec: { namespacePattern: { [field]: 'team-{{ .Values.loft.name }}' } },
      },
      sees: 422,
      says: /does not tell projects apart/,
    }),
  ),
];
