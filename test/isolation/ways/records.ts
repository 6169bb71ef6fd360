import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { eventually } from '../../support/eventually.ts';
import type { Way } from '../way.ts';
import { type Actor, management, type World } from '../world.ts';

const apiVersion = 'management.loft.sh/v1';
const operationsOf = (project: string, name: string) =>
  `/api/v1/projects/${project}/virtualclusters/${name}/operations`;

/** uid of a tenant cluster, as its owner knows it. */
async function uidOf(world: World, project: string, name: string): Promise<string> {
  const path = `${management}/namespaces/p-${project}/virtualclusterinstances/${name}`;
  return (await world.call('admin', 'GET', path)).json<VirtualClusterInstance>().metadata.uid ?? '';
}

/** A tenant cluster of `who`'s own in project red: it need not run to be restored into. */
async function ownOf(world: World, who: Actor): Promise<string> {
  const name = `own-${who}`;
  const body = {
    apiVersion,
    kind: 'VirtualClusterInstance',
    metadata: { name },
    spec: { templateRef: { name: 'default' } },
  };
  await world.call(who, 'POST', `${management}/namespaces/p-red/virtualclusterinstances`, body);
  await eventually(`${who} may change ${name}`, async () => {
    const answer = await world.call(who, 'GET', `/api/v1/projects/red/virtualclusters/${name}/snapshots`);
    return answer.status === 200;
  });
  return name;
}

const restore = (parameters: Record<string, string>) => ({ type: 'restore', parameters });

/** Records belong to a uid: snapshots that a restore names, and what was given to a name before. */
export const recordWays: readonly Way[] = [
  {
    who: 'rex',
    tries: "restores ana's snapshot into his own tenant cluster",
    request: `POST ${operationsOf('red', 'own-rex')}`,
    sees: 404,
    says: /tenant cluster \\"dev\\" not found/,
    verb: 'tenant:restore',
    attack: async (world) => {
      const name = await ownOf(world, 'rex');
      const parameters = { snapshot: 'kept', sourceTenantCluster: 'dev' };
      return world.call('rex', 'POST', operationsOf('red', name), restore(parameters));
    },
  },
  {
    who: 'rex',
    tries: "restores ana's snapshot by the uid of her tenant cluster",
    request: `POST ${operationsOf('red', 'own-rex')}`,
    sees: 404,
    verb: 'tenant:restore',
    attack: async (world) => {
      const name = await ownOf(world, 'rex');
      const parameters = { snapshot: 'kept', sourceUid: await uidOf(world, 'red', 'dev') };
      return world.call('rex', 'POST', operationsOf('red', name), restore(parameters));
    },
  },
  {
    who: 'viv',
    tries: 'restores the snapshot of a tenant cluster that she may look at',
    request: `POST ${operationsOf('red', 'own-viv')}`,
    sees: 403,
    verb: 'tenant:restore',
    attack: async (world) => {
      const name = await ownOf(world, 'viv');
      const parameters = { snapshot: 'kept', sourceTenantCluster: 'dev' };
      return world.call('viv', 'POST', operationsOf('red', name), restore(parameters));
    },
  },
  {
    who: 'bob',
    tries: "restores ana's snapshot of the same names in another project by its uid",
    request: `POST ${operationsOf('blue', 'dev')}`,
    sees: 404,
    verb: 'tenant:restore',
    attack: async (world) => {
      const parameters = { snapshot: 'kept', sourceUid: await uidOf(world, 'red', 'dev') };
      return world.call('bob', 'POST', operationsOf('blue', 'dev'), restore(parameters));
    },
  },
  {
    who: 'scoped',
    tries: 'restores what is beside the one tenant cluster of her key',
    request: `POST ${operationsOf('red', 'dev')}`,
    sees: 404,
    verb: 'tenant:restore',
    body: restore({ snapshot: 'kept', sourceTenantCluster: 'own-rex' }),
  },
  {
    who: 'nobody',
    tries: 'uses the key of a deleted user once there is another of the name',
    request: 'GET /api/v1/projects',
    sees: 401,
    attack: async (world) => {
      const key = 'isolation-key-of-zoe-0123456789abcdef0123456789abcdef';
      const user = { apiVersion, kind: 'User', metadata: { name: 'zoe' }, spec: { username: 'zoe' } };
      const make = () => world.call('admin', 'POST', `${management}/users`, user);
      await make();
      const spec = { user: 'zoe', key };
      const accessKey = { apiVersion, kind: 'AccessKey', metadata: { name: 'key-zoe' }, spec };
      await world.call('admin', 'POST', `${management}/accesskeys`, accessKey);
      const ask = () => world.platform.call('GET', '/api/v1/projects', undefined, { key });
      await eventually('zoe is let in', async () => (await ask()).status === 200);
      await world.call('admin', 'DELETE', `${management}/users/zoe`);
      await eventually('the name is free', async () => (await make()).status === 201);
      // Long enough for every cache to know the new zoe.
      await eventually('the new zoe is known', async () => {
        const { text } = await world.call('admin', 'GET', `${management}/users/zoe`);
        return text.includes('loft.sh/cleanup');
      });
      return ask();
    },
  },
];
