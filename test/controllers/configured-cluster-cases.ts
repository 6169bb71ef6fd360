import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { clusterCredentialSecret, platformNamespace } from '../../contracts/names.ts';
import type { AccessFixture } from '../api/access-fixture.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';

/** A second cluster is connected by a kubeconfig in a Secret, and by nothing else. */
export function configuredClusterCases(fixture: () => AccessFixture): void {
  describe('a cluster of spec.config', () => {
    let west: TestApiServer;
    before(async () => {
      // Its controller manager gives service accounts their tokens.
      west = await startApiServer({ controllerManager: true });
    });
    after(() => west?.stop());

    const secrets = () => fixture().admin.core;
    const put = async (name: string, config: string) => {
      const place = { namespace: platformNamespace, name };
      await secrets()
        .deleteNamespacedSecret(place)
        .catch(() => undefined);
      const body = { metadata: { name }, stringData: { config } };
      await secrets().createNamespacedSecret({ namespace: platformNamespace, body });
    };
    const statusOf = async (name: string) => (await fixture().resources.clusters.get({ name }))?.status;
    const says = (name: string, message: RegExp) =>
      eventually(`${name} says ${message}`, async () => {
        const { phase, message: said = '' } = (await statusOf(name)) ?? {};
        return phase === 'Failed' && message.test(said);
      });
    const make = (name: string, secretName: string, secretNamespace = platformNamespace) =>
      fixture().resources.clusters.create({
        metadata: { name },
        spec: { config: { secretName, secretNamespace } },
      });

    it('says what is in the way, and holds nothing of the kubeconfig', async () => {
      await make('west', 'west-admin');
      await says('west', /Secret west-admin with key config not found in namespace vcluster-platform/);
      await put('west-admin', 'users: [{ name: hunter2 }]');
      await says('west', /Secret west-admin cannot be used: the kubeconfig does not have a current context/);
      await put('west-admin', await west.kubeconfig('somebody'));
      await says('west', /cannot be connected: .*"somebody" cannot/);
      assert.doesNotMatch(JSON.stringify(await statusOf('west')), /hunter2|BEGIN/);
      await make('elsewhere', 'west-admin', 'default');
      await says('elsewhere', /spec\.config\.secretNamespace must be vcluster-platform/);
      await fixture().resources.clusters.delete({ name: 'elsewhere' });
    });

    it("is set up with an administrator's, and the platform's processes reach it with tokens of their own", async () => {
      await put('west-admin', west.adminKubeconfig);
      await eventually('it is initialised', async () => (await statusOf('west'))?.phase === 'Initialized');
      await eventually(
        'nothing is in the way any more',
        async () =>
          (await statusOf('west'))?.conditions?.some(({ type }) => type === 'ConfigConnected') === false,
      );
      const { data } = await secrets().readNamespacedSecret({
        namespace: platformNamespace,
        name: clusterCredentialSecret('west', 'worker'),
      });
      const kept = Buffer.from(data?.['config'] ?? '', 'base64').toString('utf8');
      assert.match(kept, /token: /);
      assert.doesNotMatch(kept, /client-key/);
      const there = connectCluster(west.adminKubeconfig).rbac;
      const users = await eventually('the controllers wrote whom the gateway may act as', async () => {
        const { rules } = await there.readClusterRole({ name: 'vcluster-platform:gateway-users' });
        return rules?.find(({ resources }) => resources?.includes('users'));
      });
      assert.ok(users.resourceNames?.includes('anna@example.com'));
      const answer = await eventually('the gateway reaches it', async () => {
        const path = '/kubernetes/cluster/west/api/v1/namespaces/vcluster-platform';
        const given = await fixture().call('anna', 'GET', path);
        return given.status === 200 && given;
      });
      assert.match(answer.text, /"vcluster-platform.io\/connected-as":"west"/);
    });

    it('is offline while it does not answer, and online again', async () => {
      const online = (expected: boolean) =>
        eventually(`online is ${expected}`, async () => (await statusOf('west'))?.online === expected, {
          timeoutMs: 60_000, // within 30 s where the machine is not busy
        });
      await online(true);
      const { kubernetesVersion, clusterUID = '' } = (await statusOf('west')) ?? {};
      assert.match(kubernetesVersion ?? '', /^v1\./);
      assert.match(clusterUID, /^[0-9a-f-]{36}$/);
      west.signal('SIGSTOP');
      await online(false);
      await says('west', /^The cluster has been offline since \d{4}-.*: .*no answer in time/);
      west.signal('SIGCONT');
      await online(true);
      assert.equal((await statusOf('west'))?.phase, 'Initialized');
    });

    it('is connected under one name', async () => {
      await put('again-admin', west.adminKubeconfig);
      await make('again', 'again-admin');
      await says('again', /it is connected already, as Cluster west/);
      await fixture().resources.clusters.delete({ name: 'again' });
    });
  });
}
