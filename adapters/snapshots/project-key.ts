import { randomBytes } from 'node:crypto';
import { PlatformError } from '../../contracts/errors.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { isConflict, kubernetesFailure, orUndefined } from '../kubernetes/failures.ts';

const name = 'snapshot-key';
const keyBytes = 32;

/**
 * The key that a project's snapshots are encrypted with, base64: Secret `snapshot-key` in the project's namespace
 * of the management API, made at the first call. Without it the project's snapshots are worth nothing.
 * @throws PlatformError `management_unavailable`, `project_not_found`
 */
export async function getProjectKey(management: ClusterClient, project: string): Promise<string> {
  const namespace = projectNamespace(project);
  try {
    const existing = await orUndefined(management.core.readNamespacedSecret({ namespace, name }));
    if (existing !== undefined) return checked(existing.data?.['key']);
    const key = randomBytes(keyBytes).toString('base64');
    await management.core.createNamespacedSecret({ namespace, body: { metadata: { name }, data: { key } } });
    return key;
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    // Somebody else was faster.
    if (isConflict(error))
      return checked((await management.core.readNamespacedSecret({ namespace, name })).data?.['key']);
    const failure = kubernetesFailure(
      `reading the snapshot key of project ${project}`,
      error,
      'management_unavailable',
    );
    throw failure.code === 'not_found'
      ? new PlatformError('project_not_found', `There is no project ${project}`)
      : failure;
  }
}

function checked(key: string | undefined): string {
  if (key === undefined || Buffer.from(key, 'base64').length !== keyBytes) {
    throw new PlatformError('internal', `Secret ${name} of the project holds no key of ${keyBytes} bytes`);
  }
  return key;
}
