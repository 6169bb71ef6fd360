import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { hashPassword } from '../../adapters/password-hash.ts';
import { writePrivateFile } from '../../adapters/processes/start-process.ts';
import { passwordNamespace } from '../../contracts/names.ts';
import type { StateFolder } from '../state-folder.ts';
import { applySecret } from './apply-manifests.ts';

/** `admin.json` in the state folder. */
export interface AdminFile {
  readonly url: string;
  readonly caFile: string;
  readonly accessKey: string;
  readonly user: string;
  readonly password: string;
  readonly temporalUi: string;
}

const user = 'admin';
const passwordSecret = 'user-admin-password';

/** Writes `admin.json` and `admin.kubeconfig` for these addresses; key and password stay what they were. */
export function writeAdminFiles(
  state: StateFolder,
  addresses: Pick<AdminFile, 'url' | 'caFile' | 'temporalUi'>,
): AdminFile {
  const previous = existsSync(state.adminFile)
    ? (JSON.parse(readFileSync(state.adminFile, 'utf8')) as Partial<AdminFile>)
    : {};
  const admin: AdminFile = {
    ...addresses,
    accessKey: previous.accessKey ?? randomBytes(32).toString('base64url'),
    user,
    password: previous.password ?? randomBytes(15).toString('base64url'),
  };
  writePrivateFile(state.adminFile, `${JSON.stringify(admin, undefined, 2)}\n`);
  writePrivateFile(state.adminKubeconfig, adminKubeconfig(admin));
  return admin;
}

/** The administrator as a user of the management API. */
export async function createAdministrator(resources: ManagementResources): Promise<void> {
  await resources.users.create({
    metadata: { name: user },
    spec: {
      displayName: 'Administrator',
      username: user,
      clusterRoles: [{ name: 'loft-management-admin' }],
      passwordRef: { secretName: passwordSecret, secretNamespace: passwordNamespace, key: 'hash' },
    },
  });
}

/** Makes the password of `admin.json` the administrator's; only its hash is kept. */
export async function setAdminPassword(client: ClusterClient, admin: AdminFile): Promise<void> {
  await applySecret(client, passwordSecret, { hash: await hashPassword(admin.password) }, passwordNamespace);
}

/** Lower-case hex SHA-256 of the administrator's access key. */
export function accessKeyHash(admin: AdminFile): string {
  return createHash('sha256').update(admin.accessKey).digest('hex');
}

/** The access key of `admin.json`, of which the management API only gets the hash. */
export async function createAdminAccessKey(resources: ManagementResources, admin: AdminFile): Promise<void> {
  const keyHash = accessKeyHash(admin);
  await resources.accesskeys.create({
    metadata: { name: `admin-${keyHash.slice(0, 10)}` },
    spec: { displayName: "The administrator's key of admin.json", user, type: 'User', keyHash },
  });
}

function adminKubeconfig(admin: AdminFile): string {
  const name = 'vcluster-platform';
  const server = `${admin.url}/kubernetes/management`;
  const authority = readFileSync(admin.caFile).toString('base64');
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [{ name, cluster: { server, 'certificate-authority-data': authority } }],
      contexts: [{ name, context: { cluster: name, user } }],
      users: [{ name: user, user: { token: admin.accessKey } }],
    },
    { version: '1.1', lineWidth: 0 },
  );
}
