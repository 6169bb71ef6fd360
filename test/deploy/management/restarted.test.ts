import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import type { ManagementResources } from '../../../adapters/kubernetes/resources.ts';
import { managementGroup } from '../../../contracts/names.ts';
import { readManifests } from '../../../adapters/kubernetes/manifests.ts';
import { eventually } from '../../support/eventually.ts';
import {
  applyProjectNamespace,
  startManagementApi,
  type TestManagementApi,
} from '../../support/management-api.ts';

const restarts = 5;

it('no admission policy takes a kind of ours as its parameter', () => {
  const policies = readManifests(join(import.meta.dirname, '../../../deploy/management'))
    .filter(({ kind }) => kind?.endsWith('AdmissionPolicy'))
    .map(
      (policy) => policy as typeof policy & { spec: { paramKind?: { apiVersion: string; kind: string } } },
    );
  assert.ok(policies.length > 10);
  for (const { metadata, spec } of policies)
    assert.ok(spec.paramKind?.apiVersion.startsWith(managementGroup) !== true, metadata?.name);
});

describe('admission after a restart of the API server', { timeout: 300_000 }, () => {
  let api: TestManagementApi;
  before(async () => {
    api = await startManagementApi();
    await applyProjectNamespace(api.admin, 'picky', { allowedTemplates: [{ name: 'small' }] });
    await api.resources.users.create({ metadata: { name: 'anna' }, spec: {} });
  });
  after(() => api?.stop());

  it('allows and refuses as before, and never for want of a parameter', async () => {
    const said = new Set<string>();
    const tried = (promise: Promise<unknown>) =>
      promise.then(
        () => 'accepted',
        (error: unknown) => {
          const message = apiMessage(error);
          said.add(message);
          return message;
        },
      );
    for (let round = 0; round < restarts; round++) {
      await api.server.restart();
      await Promise.all([
        instances(api.resources, round, tried),
        eventually('an access key is made', async () => {
          const metadata = { name: `key-${round}` };
          const spec = { user: 'anna', keyHash: 'a'.repeat(64) };
          return (await tried(api.resources.accesskeys.create({ metadata, spec }))) === 'accepted';
        }),
      ]);
    }
    const unexplained = [...said].filter(
      (message) => !/does not allow template large|Resource kind .+ not found/.test(message),
    );
    assert.deepEqual(unexplained, []);
  });
});

/** What changes objects at admission (the owner, say) learns our kinds within 5 s, and refuses them till then. */
async function instances(
  resources: ManagementResources,
  round: number,
  tried: (promise: Promise<unknown>) => Promise<string>,
): Promise<void> {
  const create = (name: string, template: string) =>
    tried(
      resources.virtualclusterinstances.create({
        metadata: { name, namespace: 'p-picky' },
        spec: { templateRef: { name: template } },
      }),
    );
  await eventually(
    'an allowed one is made',
    async () => (await create(`ok-${round}`, 'small')) === 'accepted',
  );
  assert.match(await create(`no-${round}`, 'large'), /does not allow template large/);
}
