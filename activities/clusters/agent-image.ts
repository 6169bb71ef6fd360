import { asyncLocalStorage } from '@temporalio/activity';
import type { V1Deployment, V1ManagedFieldsEntry } from '@kubernetes/client-node';
import packageJson from '../../package.json' with { type: 'json' };
import { containerStartError, createStartPatience } from '../../adapters/kubernetes/container-start-error.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callKubernetes, orUndefined, retryOnConflict } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { AgentImages, ClusterRef } from '../../contracts/cluster-ref.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { writers } from '../../contracts/names.ts';
import { operationOfWorkflow } from '../../contracts/workflows.ts';
import { connectedAgentVersion } from '../../db/queries/agent-tunnels.ts';
import { imageOfVersion } from '../../domain/lifecycle/agent-image.ts';
import { saidText } from '../../domain/status/cluster-health.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { pollUntil } from '../poll.ts';
import { type ClusterDeps, connectToCluster } from './connect-to-cluster.ts';
import { agentDeployment as name } from './own-objects.ts';

const deadlineMs = 10 * 60_000;
const intervalMs = 1_000;
/** Of the container; vCluster Platform's command line looks for it. */
const container = 'manager';
/** Kubernetes' own, which `kubectl rollout history` shows. */
const changeCause = 'kubernetes.io/change-cause';

/** The agent of a connected cluster, by its Deployment. Idempotent by the Cluster and the image. */
export function createAgentImageActivities({
  operations: { database },
  ...deps
}: ClusterDeps & { readonly operations: OperationsDeps }) {
  /** @throws PlatformError `conflict` if there is none */
  async function open(cluster: ClusterRef) {
    const { client, namespace } = await connectToCluster(deps, cluster);
    const read = async () => {
      const deployment = await callKubernetes(
        `reading Deployment ${name}`,
        orUndefined(client.apps.readNamespacedDeployment({ namespace, name })),
      );
      if (deployment !== undefined && imageOf(deployment) !== undefined) return deployment;
      throw new PlatformError(
        'conflict',
        `cluster ${cluster.name} does not have an agent that could be upgraded: there is no Deployment ${name} with container ${container} in namespace ${namespace}`,
      );
    };
    return { client, namespace, read };
  }

  return {
    /**
     * Image that the agent has, and the one that it would get: `image`, or that of its repository in the platform's version. Reads only.
     * @throws PlatformError `conflict`: it has no agent of its own; `cluster_not_found`, `cluster_offline`, `cluster_unreachable`
     */
    async findAgentImages({ cluster, image }: { cluster: ClusterRef; image?: string }): Promise<AgentImages> {
      const { read } = await open(cluster);
      const former = imageOf(await read()) ?? '';
      return { former, image: image ?? imageOfVersion(former, packageJson.version) };
    },

    /**
     * Has the agent's Deployment run `image`, and says in an annotation which operation it was. The pod before stays until the new one
     * is connected. One that has it already is not changed.
     * @throws PlatformError as `findAgentImages`
     */
    async setAgentImage({ cluster, image }: { cluster: ClusterRef; image: string }): Promise<void> {
      const { client, namespace, read } = await open(cluster);
      const { workflowExecution } = asyncLocalStorage.getStore()?.info ?? {};
      const operation = operationOfWorkflow(workflowExecution?.workflowId ?? '') ?? 'unknown';
      const cause = `image ${image}, by operation ${operation} of the platform`;
      const patch = (body: object, type: 'strategic-merge-patch' | 'merge-patch') =>
        requestJson(client.kubeConfig, {
          method: 'PATCH',
          path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
          contentType: `application/${type}+json`,
          body,
        });
      if (imageOf(await read()) !== image) {
        const spec = { template: { spec: { containers: [{ name: container, image }] } } };
        const body = { metadata: { annotations: { [changeCause]: cause } }, spec };
        await callKubernetes(
          `changing the image of Deployment ${name}`,
          patch(body, 'strategic-merge-patch'),
        );
      }
      // Helm 4 refuses to change what another manager wrote last: the image is left to the one that installed the agent.
      await callKubernetes(
        `giving up the image of Deployment ${name}`,
        retryOnConflict(5, async () => {
          const { metadata: { managedFields = [], resourceVersion } = {} } = await read();
          const others = managedFields.filter((entry) => !isOurs(entry));
          if (others.length === managedFields.length) return;
          await patch({ metadata: { managedFields: others, resourceVersion } }, 'merge-patch');
        }),
      );
    },

    /**
     * Waits until an agent of `image`, and no other, is connected; with heartbeats. Gives the version that it says it has. Reads only.
     * @throws PlatformError `conflict`: its pod cannot start, it is not connected after 10 minutes, or the image was changed meanwhile;
     *   and as `findAgentImages`
     */
    async waitForAgentVersion({
      cluster,
      image,
    }: {
      cluster: ClusterRef;
      image: string;
    }): Promise<{ version: string }> {
      const { client, namespace, read } = await open(cluster);
      const patience = createStartPatience(
        (fault) => new PlatformError('conflict', `the new agent does not start: ${fault}`),
      );
      const onDeadline = (last: string) =>
        new PlatformError(
          'conflict',
          `the new agent of cluster ${cluster.name} is not connected after 10 minutes: ${last}`,
        );
      return pollUntil({ intervalMs, deadlineMs, onDeadline }, async () => {
        const deployment = await read();
        if (imageOf(deployment) !== image)
          throw new PlatformError(
            'conflict',
            `somebody gave the agent of cluster ${cluster.name} image ${imageOf(deployment)} meanwhile`,
          );
        const unfinished = unfinishedRollout(deployment);
        if (unfinished !== undefined) {
          const fault = await startFault(client, namespace, deployment, image);
          patience.check(fault);
          return fault ?? unfinished;
        }
        // A pod is Ready once it has a tunnel: the newest agent is of this image.
        const version = await database.query((db) => connectedAgentVersion(db, cluster.uid));
        return version === undefined ? 'its tunnel is not open yet' : { version: saidText(version) };
      });
    },
  };
}

function isOurs({ manager, operation }: V1ManagedFieldsEntry): boolean {
  return manager === writers.worker && operation === 'Update';
}

function imageOf({ spec }: V1Deployment): string | undefined {
  return spec?.template.spec?.containers.find((one) => one.name === container)?.image;
}

/** What of a rolling update is not done yet; undefined: all of it is. */
function unfinishedRollout({ metadata, spec, status }: V1Deployment): string | undefined {
  const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status ?? {};
  if (observedGeneration < (metadata?.generation ?? 0)) return 'its Deployment has not been looked at yet';
  if (updatedReplicas < (spec?.replicas ?? 1)) return 'its new pod is not there yet';
  if (replicas > updatedReplicas) return 'its former pod has not ended yet, or its new one is not Ready';
  return availableReplicas < updatedReplicas ? 'its new pod is not Ready' : undefined;
}

/** Why the new pod does not start, if it says so. */
async function startFault(
  client: ClusterClient,
  namespace: string,
  { spec }: V1Deployment,
  image: string,
): Promise<string | undefined> {
  const labelSelector = Object.entries(spec?.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const listing = client.core.listNamespacedPod({ namespace, labelSelector });
  const { items } = await callKubernetes('reading the pods of the agent', listing);
  const isNew = (pod: (typeof items)[number]) =>
    pod.spec?.containers.some((one) => one.image === image) === true;
  return items
    .filter(isNew)
    .map(containerStartError)
    .find((fault) => fault !== undefined);
}
