import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { annotations, managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import { waitUntil } from '../wait-until.ts';

/**
 * Waits until a new tenant cluster would be stamped with who made it. For a second or so after they are first
 * applied, admission policies are not in force, or refuse everything because they do not know the kind yet.
 * Needs the namespace of project `default`, which the controllers make.
 */
export async function waitForAdmission({ kubeConfig }: ClusterClient): Promise<void> {
  const namespace = projectNamespace('default');
  const probe = {
    apiVersion: managementApiVersion,
    kind: 'VirtualClusterInstance',
    metadata: { name: 'admission-probe', namespace },
    spec: { owner: { user: 'admin' } },
  };
  const path = `/apis/${managementApiVersion}/namespaces/${namespace}/virtualclusterinstances?dryRun=All`;
  const isStamped = async (): Promise<boolean> => {
    const made = (await requestJson(kubeConfig, { method: 'POST', path, body: probe })) as {
      metadata: { annotations?: Record<string, string> };
    };
    return made.metadata.annotations?.[annotations.changedBy] !== undefined;
  };
  await waitUntil('the admission policies', isStamped, { timeoutMs: 60_000, intervalMs: 50 });
  const key = {
    apiVersion: managementApiVersion,
    kind: 'AccessKey',
    metadata: { name: 'admission-probe' },
    spec: { user: 'admission-probe', keyHash: '0'.repeat(64) },
  };
  const keys = `/apis/${managementApiVersion}/accesskeys?dryRun=All`;
  const acceptsKeys = () =>
    requestJson(kubeConfig, { method: 'POST', path: keys, body: key }).then(() => true);
  await waitUntil('the admission of access keys', acceptsKeys, { timeoutMs: 60_000, intervalMs: 50 });
}
