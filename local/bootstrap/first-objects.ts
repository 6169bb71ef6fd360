import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callManagement, isConflict, orUndefined } from '../../adapters/kubernetes/failures.ts';
import { managementResources } from '../../adapters/kubernetes/resources.ts';
import { platformNamespace } from '../../contracts/names.ts';
import { waitUntil } from '../wait-until.ts';
import {
  accessKeyHash,
  type AdminFile,
  createAdminAccessKey,
  createAdministrator,
  setAdminPassword,
} from './administrator.ts';

/** Its presence says that the first objects were made: whatever of them is missing later was removed on purpose. */
const marker = 'bootstrap';

/**
 * Makes what the management API holds at first start: cluster `local`, user `admin`, project `default` and its
 * default template. For a new `admin.json` (its key was never made before): its access key and password.
 * @throws PlatformError
 */
export async function createFirstObjects(client: ClusterClient, admin: AdminFile): Promise<void> {
  const resources = managementResources(client);
  await callManagement('creating the first objects of the management API', async () => {
    const done = await orUndefined(
      client.core.readNamespacedConfigMap({ name: marker, namespace: platformNamespace }),
    );
    const keyHash = accessKeyHash(admin);
    if (done === undefined) {
      const creations = [
        () =>
          resources.clusters.create({
            metadata: { name: 'local' },
            spec: { displayName: "The platform's own cluster", local: true },
          }),
        () => createAdministrator(resources),
        () =>
          resources.virtualclustertemplates.create({
            metadata: { name: 'default' },
            spec: {
              displayName: 'Default',
              description: "The platform's own chart with its default values",
              template: { helmRelease: {} },
            },
          }),
        () =>
          resources.spacetemplates.create({
            metadata: { name: 'default' },
            spec: { displayName: 'Default', description: 'A plain namespace' },
          }),
        () =>
          resources.projects.create({
            metadata: { name: 'default' },
            spec: {
              displayName: 'Default',
              allowedClusters: [{ name: '*' }],
              allowedTemplates: [
                { kind: 'VirtualClusterTemplate', name: 'default', isDefault: true },
                { kind: 'SpaceTemplate', name: 'default', isDefault: true },
                { name: '*' },
                { kind: 'SpaceTemplate', name: '*' },
              ],
            },
          }),
      ];
      await Promise.all(creations.map((create) => onceAdmitted('the first objects', create)));
    }
    if (done?.data?.['adminKeyHash'] !== keyHash) {
      await setAdminPassword(client, admin);
      await onceAdmitted("the administrator's access key", () => createAdminAccessKey(resources, admin));
      await writeMarker(client, keyHash, done !== undefined);
    }
  });
}

async function writeMarker(client: ClusterClient, adminKeyHash: string, exists: boolean): Promise<void> {
  const body = { metadata: { name: marker }, data: { adminKeyHash } };
  if (exists)
    await client.core.replaceNamespacedConfigMap({ name: marker, namespace: platformNamespace, body });
  else await client.core.createNamespacedConfigMap({ namespace: platformNamespace, body });
}

/**
 * Creates an object that a start that was killed half-way may have made. Admission policies refuse everything until the API
 * server knows the kinds that they change or take as parameters, which is some moments after these are established.
 */
async function onceAdmitted(what: string, create: () => Promise<unknown>): Promise<void> {
  await waitUntil(what, async () => {
    try {
      await create();
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    return true;
  });
}
