import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { AuthorizationV1Api, type V1ClusterRole, type V1PolicyRule } from '@kubernetes/client-node';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import type { AccessFixture } from '../api/access-fixture.ts';
import { eventually } from '../support/eventually.ts';

const inTime = { timeoutMs: 90_000 };
const many = 300;
const subjectOf = (index: number) => `${index}-`.padEnd(250, 'x');
const nameOf = (index: number) => `many-${index}`;

/**
 * The names of all users where the gateway acts as them: in the management API, in a connected cluster and in a tenant
 * cluster that all may use.
 */
export function manyNamesCases(
  fixture: () => AccessFixture,
  tenant: () => ClusterClient,
  shareWithAll: (isShared: boolean) => Promise<unknown>,
): void {
  describe('names of many users', () => {
    const realms = () => ({
      management: fixture().admin,
      'connected cluster': fixture().clusterAdmin,
      'tenant cluster': tenant(),
    });
    const actsAs = async ({ kubeConfig }: ClusterClient, name: string) => {
      const resourceAttributes = { verb: 'impersonate', resource: 'users', name };
      const spec = { user: 'vcluster-platform:gateway', resourceAttributes };
      const reviews = kubeConfig.makeApiClient(AuthorizationV1Api);
      return (await reviews.createSubjectAccessReview({ body: { spec } })).status?.allowed === true;
    };
    const roles = async ({ rbac }: ClusterClient) => {
      const { items } = await rbac.listClusterRole({});
      const ours = /^vcluster-platform:gateway-users-[0-9a-f]+$/;
      return items.filter(({ metadata }) => ours.test(metadata?.name ?? ''));
    };
    /** resourceVersions of the roles that hold parts of the names. */
    const parts = async (client: ClusterClient) =>
      new Map((await roles(client)).map(({ metadata }) => [metadata?.name ?? '', metadata?.resourceVersion]));
    /** Whether all users are in parts: no more is to be written. */
    const holdAll = async (client: ClusterClient) => {
      const held = new Set(
        (await roles(client)).flatMap(({ rules }) =>
          (rules ?? []).flatMap(({ resourceNames }) => resourceNames ?? []),
        ),
      );
      return Array.from({ length: many }, (_, index) => subjectOf(index)).every((name) => held.has(name));
    };
    /** As deploy/charts/vcluster-platform/connected-cluster is now, or as it was. */
    const allowParts = async (isAllowed: boolean) => {
      const { clusterAdmin } = fixture();
      const name = 'vcluster-platform:controllers';
      const role = readManifests(
        `${import.meta.dirname}/../../deploy/charts/vcluster-platform/connected-cluster`,
      ).find(({ kind, metadata }) => kind === 'ClusterRole' && metadata?.name === name) as V1ClusterRole;
      const isOfParts = ({ resourceNames = [] }: V1PolicyRule) =>
        resourceNames.some((of) => of.endsWith('-0'));
      const rules = (role.rules ?? []).filter((rule) => isAllowed || !isOfParts(rule));
      await clusterAdmin.rbac.replaceClusterRole({ name, body: { ...role, rules } });
    };
    const patchUser = (index: number, spec: object) =>
      fixture().resources.users.patch({ name: nameOf(index) }, { spec });
    const everywhere = async (
      check: (client: ClusterClient, realm: string) => Promise<boolean>,
      what: string,
    ) => {
      for (const [realm, client] of Object.entries(realms()))
        await eventually(`${what} (${realm})`, () => check(client, realm), inTime);
    };

    it('are in several roles, of which a change writes one', async () => {
      await shareWithAll(true);
      await allowParts(false);
      const { users, clusters } = fixture().resources;
      await inBatches(many, (index) =>
        users.create({ metadata: { name: nameOf(index) }, spec: { subject: subjectOf(index) } }),
      );
      await eventually('a cluster that does not let us write parts says so', async () => {
        const { conditions } = (await clusters.get({ name: 'local' }))?.status ?? {};
        return conditions?.some(({ reason }) => reason === 'ManifestsOutdated');
      });
      const { clusterAdmin } = fixture();
      await eventually('and has all in one', () => actsAs(clusterAdmin, subjectOf(many - 1)), inTime);
      await allowParts(true);
      await patchUser(0, { displayName: 'a change' });
      await everywhere(holdAll, 'all are in several roles');
      await everywhere((client) => actsAs(client, 'mia@example.com'), 'those of before are known');
      const single = await fixture().clusterAdmin.rbac.readClusterRole({
        name: 'vcluster-platform:gateway-users',
      });
      assert.deepEqual(single.rules ?? [], [], 'none is left where all were');
      const [part = ''] = (await parts(clusterAdmin)).keys();
      const { subjects } = await clusterAdmin.rbac.readClusterRoleBinding({ name: part });
      assert.deepEqual(
        subjects?.map(({ kind, name, namespace }) => [kind, name, namespace]),
        [
          ['User', 'vcluster-platform:gateway', undefined],
          ['ServiceAccount', 'gateway', 'vcluster-platform'],
        ],
        'by certificate and by token',
      );
      const before = Object.fromEntries(
        await Promise.all(
          Object.entries(realms()).map(async ([realm, client]) => [realm, await parts(client)]),
        ),
      ) as Record<string, Map<string, string>>;
      await patchUser(7, { subject: 'somebody-else' });
      await everywhere((client) => actsAs(client, 'somebody-else'), 'the new subject is known');
      await everywhere(async (client) => !(await actsAs(client, subjectOf(7))), 'the old one is not');
      await everywhere(async (client, realm) => {
        const now = await parts(client);
        const written = [...now].filter(([name, version]) => before[realm]?.get(name) !== version);
        return written.length > 0 && written.length <= 2;
      }, 'where it was and where it is are written, nothing else');
    });

    it('are in one role again once they are few, and nobody is unknown meanwhile', async () => {
      const unknown = new Set<string>();
      let isOver = false;
      const watching = Object.entries(realms()).map(async ([realm, client]) => {
        for (; !isOver; await delay(10)) if (!(await actsAs(client, 'mia@example.com'))) unknown.add(realm);
      });
      await inBatches(many / 2, (index) => patchUser(index, { disabled: true }));
      await everywhere(async (client) => (await parts(client)).size === 0, 'the parts are gone');
      isOver = true;
      await Promise.all(watching);
      assert.deepEqual([...unknown], []);
      await everywhere((client) => actsAs(client, subjectOf(many - 1)), 'the last one is known');
      for (const client of Object.values(realms())) assert.equal(await actsAs(client, subjectOf(0)), false);
      await shareWithAll(false);
    });
  });
}

async function inBatches(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  const size = 25;
  for (let first = 0; first < count; first += size)
    await Promise.all(Array.from({ length: Math.min(size, count - first) }, (_, more) => act(first + more)));
}
