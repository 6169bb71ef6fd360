import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { containerStartError, createStartPatience } from '../../adapters/kubernetes/container-start-error.ts';
import { connectionFault } from '../../adapters/kubernetes/connection-fault.ts';
import { apiMessage, callKubernetes, statusOf } from '../../adapters/kubernetes/failures.ts';
import { rbacPath } from '../../adapters/kubernetes/rbac-objects.ts';
import { openRequest, requestJson } from '../../adapters/kubernetes/request.ts';
import { tryTenantStore } from '../../adapters/kubernetes/tenant-rbac.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { readyPath, readyWithRolesPath } from '../../adapters/kubernetes/readiness-path.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { TenantDeps } from '../dependencies.ts';
import { pollUntil } from '../poll.ts';
import { listControlPlanePods } from './control-plane-objects.ts';
import { deleteSeed } from './tenant-seed.ts';

const deadlineMs = 3 * 60_000;
const requestTimeoutMs = 2_000;
const lookAtPodsMs = 2_000;
/** Each look takes processor time from the control plane that starts, on a small machine; it listens a while before it is ready. */
const untilListeningMs = 100;
const untilReadyMs = 25;

export function createControlPlaneReadyActivities({ hosts }: Pick<TenantDeps, 'hosts'>) {
  return {
    /**
     * Waits until the tenant's own API answers rightly, asked through the gateway like everything else; with
     * heartbeats. `fresh`: with its bootstrap objects, and its version is asked too. `storeFull`: it answers, and takes no
     * writes. No effects but the time in an annotation of a role of ours there; `fresh`: ServiceAccount `default` is made in
     * namespace `default`, and its seed is deleted. Idempotent.
     * @throws PlatformError `control_plane_not_ready` after 3 minutes, or when its pod cannot start
     */
    async waitForControlPlane({
      tenant,
      fresh,
    }: {
      tenant: TenantRef;
      fresh: boolean;
    }): Promise<{ kubernetesVersion?: string; storeFull?: true }> {
      let host: TenantHost | undefined;
      let faults: ReturnType<typeof createFaultWatch> | undefined;
      let connection: ClusterClient | undefined;
      const connect = async () => {
        host ??= await hosts.prove(tenant);
        faults ??= createFaultWatch(host);
        return (connection ??= await host.tenantClient());
      };
      const onDeadline = (last: string) =>
        new PlatformError(
          'control_plane_not_ready',
          `the control plane did not answer within ${deadlineMs / 60_000} minutes: ${last}`,
        );
      let isListening = false;
      const intervalMs = () => (isListening ? untilReadyMs : untilListeningMs);
      return pollUntil({ intervalMs, deadlineMs, onDeadline }, async () => {
        const client = await connect();
        const { isReached, refusal: unready } = await askReadiness(client.kubeConfig, readyPath);
        isListening = isReached;
        const refusal = unready ?? (fresh ? await missingBootstrapObjects(client.kubeConfig) : undefined);
        if (refusal === undefined) {
          if (fresh) await createDefaultAccount(client.kubeConfig);
          if (fresh && host !== undefined) await deleteSeed(host);
          return {
            ...(fresh ? { kubernetesVersion: await readVersion(client.kubeConfig) } : {}),
            ...((await isStoreFull(client)) ? { storeFull: true } : {}),
          };
        }
        const fault = await faults?.look();
        return fault === undefined ? refusal : `${refusal}; ${fault}`;
      });
    },
  };
}

/** What else may keep us from writing is said by controllers/virtual-clusters/tenant-access.ts. */
async function isStoreFull(client: ClusterClient): Promise<boolean> {
  try {
    await tryTenantStore(client, AbortSignal.timeout(requestTimeoutMs));
    return false;
  } catch (error) {
    return error instanceof PlatformError && error.code === 'store_full';
  }
}

/** Whether it answers, and why it is not ready; no `refusal`: it is. */
async function askReadiness(
  kubeConfig: KubeConfig,
  path: string,
): Promise<{ isReached: boolean; refusal?: string }> {
  try {
    const response = await openRequest(kubeConfig, { path, signal: AbortSignal.timeout(requestTimeoutMs) });
    await response.text();
    return { isReached: true };
  } catch (error) {
    return statusOf(error) === undefined
      ? { isReached: false, refusal: `it is not reachable yet: ${connectionFault(error)}` }
      : { isReached: true, refusal: `it is not ready: ${apiMessage(error).split('\n')[0] ?? ''}` };
  }
}

/**
 * Undefined once what an ordinary user's request needs is there: bootstrap roles and namespace `default`. The objects themselves
 * are looked for: the hook that makes the roles, and says so in `/readyz`, waits for a second before it begins, even where a seed
 * has brought them. It makes RoleBindings last. Of what is older than this start its administrators may have changed all of
 * them: then the hook is believed.
 */
async function missingBootstrapObjects(kubeConfig: KubeConfig): Promise<string | undefined> {
  const missing = await lookForBootstrapObjects(kubeConfig);
  if (missing === undefined) return undefined;
  return (await askReadiness(kubeConfig, readyWithRolesPath)).refusal === undefined ? undefined : missing;
}

async function lookForBootstrapObjects(kubeConfig: KubeConfig): Promise<string | undefined> {
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const bindings = `${rbacPath('RoleBinding')}?limit=1&labelSelector=kubernetes.io/bootstrapping=rbac-defaults`;
  try {
    const [found] = await Promise.all([
      requestJson(kubeConfig, { path: bindings, signal }) as Promise<{ items: unknown[] }>,
      requestJson(kubeConfig, { path: '/api/v1/namespaces/default', signal }),
    ]);
    return found.items.length > 0 ? undefined : 'it is still making its bootstrap roles';
  } catch (error) {
    return statusOf(error) === 404
      ? 'it is still making its namespaces'
      : `it is not ready: ${apiMessage(error).split('\n')[0] ?? ''}`;
  }
}

/**
 * The account that pods without another run as. The controller manager makes it too, and begins some two seconds after the API
 * server answers: until then every bare pod is refused. What keeps it out (it is there, a webhook of the tenant's, a full
 * store) does not fail the operation.
 */
async function createDefaultAccount(kubeConfig: KubeConfig): Promise<void> {
  const creation = requestJson(kubeConfig, {
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts',
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  await creation.catch(() => undefined);
}

async function readVersion(kubeConfig: KubeConfig): Promise<string> {
  return callKubernetes('reading the version of the control plane', async () => {
    const answer = await requestJson(kubeConfig, {
      path: '/version',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    return typeof answer === 'object' && answer !== null && 'gitVersion' in answer
      ? String(answer.gitVersion)
      : 'unknown';
  });
}

/** Looks at the pods every 2 s; throws once one has said for 15 s that it cannot start. */
function createFaultWatch(host: TenantHost): { look(): Promise<string | undefined> } {
  let lookedAt = performance.now();
  let fault: string | undefined;
  const patience = createStartPatience(
    (last) => new PlatformError('control_plane_not_ready', `the control plane cannot start: ${last}`),
  );
  return {
    async look() {
      const now = performance.now();
      if (now - lookedAt < lookAtPodsMs) return fault;
      lookedAt = now;
      fault = await findFault(host);
      patience.check(fault);
      return fault;
    },
  };
}

async function findFault(host: TenantHost): Promise<string | undefined> {
  for (const pod of await listControlPlanePods(host)) {
    const fault = containerStartError(pod);
    if (fault !== undefined) return fault;
    const { metadata, status } = pod;
    const unscheduled = status?.conditions?.find(
      ({ type, status: is, reason }) =>
        type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
    );
    if (unscheduled) return `pod ${metadata?.name} cannot be scheduled: ${unscheduled.message ?? ''}`;
  }
  return undefined;
}
