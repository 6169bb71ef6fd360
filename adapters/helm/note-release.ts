import type { KubernetesObject } from '@kubernetes/client-node';
import { annotations } from '../../contracts/names.ts';
import { readHelmYamlStream } from '../../templates/helm-yaml.ts';
import { noteApplied } from '../applied-objects.ts';
import type { TenantHost } from '../host-namespaces.ts';
import { readReleaseSecret } from './releases.ts';

/**
 * Notes on the host namespace how the objects of its deployed release are, right after Helm has applied them. Idempotent.
 * @throws PlatformError as {@link readReleaseSecret}, `forbidden`
 */
export async function noteRelease(host: TenantHost): Promise<void> {
  const { client, name: namespace, owner } = host;
  const { manifest } = await readReleaseSecret(client, { release: owner.name, namespace });
  const objects = readHelmYamlStream(manifest) as (KubernetesObject | null)[];
  const made = objects.filter((object) => object !== null);
  await noteApplied(host, annotations.appliedRelease, made);
}
