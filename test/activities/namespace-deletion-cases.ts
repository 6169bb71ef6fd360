import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deleteOwnedNamespace,
  waitUntilNamespaceDeleted,
} from '../../activities/instances/owned-namespace.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { eventually } from '../support/eventually.ts';
import type { ActivityPlatform } from './activity-platform.ts';

/** When a deletion ends, with the worker's own rights, where no controller takes namespaces away. */
export function namespaceDeletionCases(platform: () => ActivityPlatform): void {
  test('a deletion ends when nothing runs or is held; the same name waits for the namespace', async () => {
    const { client, hosts } = platform();
    const { core } = client;
    const tenant = await platform().tenant('emptied', {});
    const { hostNamespace: namespace } = tenant;
    const named = (name: string, more: object = {}) => ({ namespace, body: { metadata: { name, ...more } } });
    await core.createNamespacedServiceAccount(named('default'));
    await core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name: 'unscheduled' },
        spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] },
      },
    });
    await core.createNamespacedSecret(named('key'));
    await core.createNamespacedConfigMap(named('plain'));
    await core.createNamespacedConfigMap(named('held', { finalizers: ['example.com/hold'] }));

    await deleteOwnedNamespace(hosts, tenant);
    let isOver = false;
    const over = waitUntilNamespaceDeleted(hosts, tenant).then(() => {
      isOver = true;
    });
    const left = async () => [
      ...(await core.listNamespacedPod({ namespace })).items,
      ...(await core.listNamespacedSecret({ namespace })).items,
    ];
    await eventually('what runs and the keys are gone', async () => (await left()).length === 0, {
      timeoutMs: 120_000,
    });
    await core.listNamespacedConfigMap({ namespace });
    assert.equal(isOver, false, 'something has a finalizer');
    const remove = [{ op: 'remove', path: '/metadata/finalizers' }];
    await core.patchNamespacedConfigMap({ namespace, name: 'held', body: remove });
    await over;
    const configMaps = (await core.listNamespacedConfigMap({ namespace })).items;
    assert.deepEqual(
      configMaps.map(({ metadata }) => metadata?.name),
      ['held', 'plain'],
      'what needs nobody is left to Kubernetes',
    );

    const heir = { ...tenant, uid: 'heir' };
    const waits = await hosts.create(heir, {});
    assert.equal('leaving' in waits && waits.leaving.status?.phase, 'Terminating');
    const { metadata } = await core.readNamespace({ name: namespace });
    await requestJson(client.kubeConfig, {
      method: 'PUT',
      path: `/api/v1/namespaces/${namespace}/finalize`,
      body: { apiVersion: 'v1', kind: 'Namespace', metadata, spec: { finalizers: [] } },
    });
    const made = await hosts.create(heir, {});
    assert.ok(!('leaving' in made));
    assert.notEqual(made.namespace.metadata?.uid, metadata?.uid);
  });
}
