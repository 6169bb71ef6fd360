import { kindNames, targetNames } from '../../../contracts/kinds.ts';
import type { OperationType } from '../../../contracts/verbs.ts';
import type { Way } from '../way.ts';
import type { Actor } from '../world.ts';

/** Who has a key but nothing of ana's, and what they hold. */
const strangers = ['eve', 'rex', 'bob'] as const satisfies Actor[];

const dev = '/api/v1/projects/red/virtualclusters/dev';
const work = '/api/v1/projects/red/spaces/work';
const kept = 'kept';
/** An item of a list that is one of these. */
const ofAna = /"project":"red"[^{}]*"name":"(?:dev|work)"|"name":"(?:dev|work)"[^{}]*"project":"red"/;

function operationBody(type: OperationType): object {
  return type === 'restore' ? { type, parameters: { snapshot: kept } } : { type };
}

/** Every REST route that names something of ana's, as those who have no right to it. */
export const restWays: readonly Way[] = strangers.flatMap((who): Way[] => [
  ...kindNames.tenant.verbs.map(
    (type): Way => ({
      who,
      tries: `asks for ${type} of ana's tenant cluster`,
      request: `POST ${dev}/operations`,
      body: operationBody(type),
      sees: 404,
      verb: `tenant:${type}`,
    }),
  ),
  ...kindNames.space.verbs.map(
    (type): Way => ({
      who,
      tries: `asks for ${type} of ana's space`,
      request: `POST ${work}/operations`,
      body: { type },
      sees: 404,
      verb: `space:${type}`,
    }),
  ),
  ...kindNames.tenant.verbs.map(
    (type): Way => ({
      who,
      tries: `asks what ${type} of ana's tenant cluster would do`,
      request: `POST ${dev}/operations`,
      body: { ...operationBody(type), dryRun: true },
      sees: 404,
    }),
  ),
  ...kindNames.space.verbs.map(
    (type): Way => ({
      who,
      tries: `asks what ${type} of ana's space would do`,
      request: `POST ${work}/operations`,
      body: { type, dryRun: true },
      sees: 404,
    }),
  ),
  ...targetNames.cluster.verbs.flatMap((type): Way[] =>
    [true, false].map((dryRun) => ({
      who,
      tries: `asks ${dryRun ? 'what' : 'for'} ${type} of the connected cluster${dryRun ? ' would do' : ''}`,
      request: 'POST /api/v1/clusters/local/operations',
      body: { type, dryRun, ...(type === 'disconnect' ? { parameters: { deleteTenants: true } } : {}) },
      sees: [403, 404],
      verb: `cluster:${type}`,
    })),
  ),
  {
    who,
    tries: 'reads the operations of the connected cluster, which name tenants of all projects',
    request: 'GET /api/v1/clusters/local/operations',
    sees: [403, 404],
  },
  {
    who,
    tries: 'finds operations of connected clusters among all',
    request: 'GET /api/v1/operations?kind=cluster',
    sees: 200,
    says: /"items":\[\]/,
    attack: async (world) => {
      // There is one: it fails, as the cluster is the platform's own.
      await world.call('admin', 'POST', '/api/v1/clusters/local/operations', { type: 'upgrade' });
      return world.call(who, 'GET', '/api/v1/operations?kind=cluster');
    },
  },
  ...[dev, work].map(
    (path): Way => ({
      who,
      tries: `has ${path.includes('spaces') ? "ana's space" : "ana's tenant cluster"} tried again`,
      request: `POST ${path}/retry`,
      sees: 404,
    }),
  ),
  {
    who,
    tries: "reads the operations of ana's tenant cluster",
    request: `GET ${dev}/operations`,
    sees: 404,
  },
  { who, tries: "reads the operations of ana's space", request: `GET ${work}/operations`, sees: 404 },
  { who, tries: "reads ana's snapshots", request: `GET ${dev}/snapshots`, sees: 404 },
  { who, tries: "deletes ana's snapshot", request: `DELETE ${dev}/snapshots/${kept}`, sees: 404 },
  {
    who,
    tries: "reads ana's operation by its id",
    request: ({ ids }) => `GET /api/v1/operations/${ids.createOfAna}`,
    sees: 404,
  },
  {
    who,
    tries: "reads the operation of ana's space by its id",
    request: ({ ids }) => `GET /api/v1/operations/${ids.createOfAnasSpace}`,
    sees: 404,
  },
  {
    who,
    tries: "follows ana's operation",
    request: ({ ids }) => `GET /api/v1/operations/${ids.createOfAna}/events`,
    sees: 404,
  },
  {
    who,
    tries: "cancels ana's operation",
    request: ({ ids }) => `POST /api/v1/operations/${ids.createOfAna}/cancel`,
    sees: 404,
  },
  {
    who,
    tries: "lists all operations, ana's too",
    request: 'GET /api/v1/operations?project=red',
    sees: 200,
    never: /"tenantCluster":"dev"|"space":"work"/,
  },
  {
    who,
    tries: 'lists the operations of project red',
    request: 'GET /api/v1/projects/red/operations',
    sees: [200, 404],
  },
  {
    who,
    tries: 'lists the snapshots of project red',
    request: 'GET /api/v1/projects/red/snapshots',
    sees: [200, 404],
  },
  {
    who,
    tries: 'follows what happens in project red',
    request: 'GET /api/v1/events?project=red&timeoutSeconds=2',
    sees: 200,
    never: /event: (resource|operation)/,
  },
  {
    who,
    tries: 'goes on with a stream that is not theirs',
    request: 'GET /api/v1/events?timeoutSeconds=2',
    headers: { 'last-event-id': 'AAAAAAAAAAAAAAAAAAAAAA.0' },
    sees: 200,
    says: /"resumed":false/,
  },
  {
    who,
    tries: 'reads how long what is in project red was awake',
    request: 'GET /api/v1/usage?project=red',
    sees: 200,
    never: ofAna,
  },
  {
    who,
    tries: 'reads how long all of project red was awake',
    request: 'GET /api/v1/usage/projects',
    sees: 200,
    never: /"project":"red"/,
  },
  {
    who,
    tries: 'asks what a policy would have saved in project red',
    request: 'GET /api/v1/usage/preview?project=red&sleepAfter=60',
    sees: 200,
    never: ofAna,
  },
  {
    who,
    tries: "asks what a policy would have saved of ana's tenant cluster",
    request: 'GET /api/v1/usage/preview?project=red&tenantCluster=dev&sleepAfter=60',
    sees: 404,
  },
  {
    who,
    tries: "asks what a policy would have saved of ana's space",
    request: 'GET /api/v1/usage/preview?project=red&space=work&sleepAfter=60',
    sees: 404,
  },
  {
    who,
    tries: 'counts what was awake in project red',
    request: 'GET /api/v1/usage/history?project=red',
    sees: 200,
    // In the course of the attacks rex has something of his own there.
    ...(who === 'rex' ? {} : { never: /"(?:awake|asleep)":(?!0[,}])/ }),
  },
  {
    who,
    tries: 'counts the operations of project red',
    request: 'GET /api/v1/operations/history?project=red',
    sees: 200,
    ...(who === 'rex' ? {} : { says: /"total":\{"succeeded":0,"failed":0,"cancelled":0,"types":\{\}\}/ }),
  },
  {
    who,
    tries: 'counts the operations of connected clusters',
    request: 'GET /api/v1/operations/history?kind=cluster',
    sees: 200,
    says: /"total":\{"succeeded":0,"failed":0,"cancelled":0,"types":\{\}\}/,
  },
  { who, tries: 'lists tenant clusters', request: 'GET /api/v1/virtualclusters', sees: 200 },
  { who, tries: 'lists spaces', request: 'GET /api/v1/spaces?project=red', sees: 200 },
  {
    who,
    tries: 'reads the audit trail',
    request: 'GET /api/v1/audit',
    sees: [200, 403],
    never: /"user":"ana"/,
  },
]);
