import { isNotFound } from '../adapters/kubernetes/failures.ts';
import { PlatformError } from '../contracts/errors.ts';
import { labels } from '../contracts/names.ts';
import { isReservedNamespace } from '../domain/placement/host-namespace.ts';
import type { ClusterApi } from './cluster-api.ts';

type Labels = Readonly<Record<string, string>>;

interface Known {
  readonly labels: Labels | undefined;
  readonly goodUntil: number;
}

const allowedMs = 10_000;
const refusedMs = 1_000;
const maxKnown = 5_000;

/**
 * Checks that a Service is a tenant cluster's: that the platform made its namespace for the tenant cluster of that name. Others
 * in the cluster, those in namespaces of spaces among them, are not reached through the agent.
 * @returns a check that throws PlatformError `forbidden`, and `cluster_unreachable` if the API server does not answer
 */
export function createTenantCheck(
  api: Pick<ClusterApi, 'request'>,
): (namespace: string, service: string) => Promise<void> {
  const known = new Map<string, Known>();
  const reading = new Map<string, Promise<Labels | undefined>>();

  async function read(namespace: string): Promise<Labels | undefined> {
    try {
      const { metadata } = (await api.request({ path: `/api/v1/namespaces/${namespace}` })) as {
        metadata: { labels?: Labels };
      };
      return metadata.labels ?? {};
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new PlatformError('cluster_unreachable', `the agent failed to read namespace ${namespace}`, {
        cause: error,
      });
    } finally {
      reading.delete(namespace);
    }
  }

  /** Read once for all that ask meanwhile. */
  function readShared(namespace: string): Promise<Labels | undefined> {
    let shared = reading.get(namespace);
    if (shared === undefined) {
      shared = read(namespace);
      reading.set(namespace, shared);
    }
    return shared;
  }

  async function isTenants(namespace: string, service: string): Promise<boolean> {
    if (isReservedNamespace(namespace)) return false;
    const found = known.get(namespace);
    if (found !== undefined && performance.now() < found.goodUntil) return isHostOf(service, found.labels);
    const startedAt = performance.now();
    const read = await readShared(namespace);
    const isAllowed = isHostOf(service, read);
    if (known.size >= maxKnown) known.clear();
    known.set(namespace, { labels: read, goodUntil: startedAt + (isAllowed ? allowedMs : refusedMs) });
    return isAllowed;
  }

  return async (namespace, service) => {
    if (await isTenants(namespace, service)) return;
    throw new PlatformError(
      'forbidden',
      `service ${namespace}/${service} is not a tenant cluster's, and the agent connects to no other`,
    );
  };
}

/** Whether a namespace with such labels was made for tenant cluster `name`. */
function isHostOf(name: string, found: Labels | undefined): boolean {
  return (
    found !== undefined &&
    found[labels.managed] === 'true' &&
    found[labels.tenantCluster] === name &&
    Boolean(found[labels.instanceUid]) &&
    Boolean(found[labels.project]) &&
    found[labels.space] === undefined
  );
}
