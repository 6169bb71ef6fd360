import type { V1Secret } from '@kubernetes/client-node';
import {
  applyCluster,
  type ClusterCredentials,
  connectedAs,
  credentialsOf,
  tryCluster,
} from '../../adapters/cluster-setup.ts';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { briefAnswers, connectCluster } from '../../adapters/kubernetes/client.ts';
import { kubernetesFailure, orUndefined } from '../../adapters/kubernetes/failures.ts';
import { type ReadKubeconfig, readKubeconfig } from '../../adapters/kubernetes/read-kubeconfig.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { annotations, platformNamespace, writers } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import type { Problem } from '../instances/instance-conditions.ts';
import { setClusterConditions } from './cluster-conditions.ts';
import { configConnected } from './clusters.ts';
import { areMadeWith, isConnectedByHand, isSetUp, keepCredentials } from './credential-secret.ts';

/** A cluster that does not answer may do so later, and a user may get a right that they lack. */
const retryMs = 30_000;
const initializing = 'InitializeCluster';
const soonMs = 500;

/** Why a cluster is not connected, as a person can mend it. The message holds nothing of the kubeconfig. */
class Obstacle extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface ReadConfig {
  readonly kubeconfig: ReadKubeconfig;
  /** What the Secret was when it was read. */
  readonly madeWith: string;
}

/**
 * Connects the clusters of `spec.config`: with that kubeconfig of an administrator it makes the platform's roles and service
 * accounts there (deploy/charts/vcluster-platform/connected-cluster), and keeps their tokens as the credentials of the platform's processes, which are
 * the Cluster's (it owns them). The kubeconfig itself is used for nothing else. Done again with another kubeconfig, and
 * with another version of the platform. Condition `ConfigConnected` says what is in the way.
 */
export function configuredClusters(context: ControllerContext): Controller {
  const { caches, client, connect } = context;
  /** By cluster: what it was connected with since this process began. */
  const connected = new Map<string, string>();

  async function reconcile(name: string) {
    const cluster = caches.clusters.get(name);
    if (cluster === undefined || !cluster.spec.config?.secretName || isConnectedByHand(caches, name)) {
      connected.delete(name);
      if (cluster !== undefined) await say(cluster, undefined);
      return undefined;
    }
    // What is removed must not come back.
    if (cluster.metadata.annotations?.[annotations.disconnecting] !== undefined) return undefined;
    try {
      await setUpAgain(cluster);
    } catch (error) {
      if (!(error instanceof Obstacle)) throw error;
      connected.delete(name);
      await say(cluster, error);
      return { requeueAfterMs: error.reason === initializing ? soonMs : retryMs };
    }
    await say(cluster, undefined);
    return resync;
  }

  async function setUpAgain(cluster: Stored<Cluster>): Promise<void> {
    const { name } = cluster.metadata;
    const { kubeconfig, madeWith } = await readConfig(cluster);
    if (areMadeWith(caches, name, madeWith) && connected.get(name) === madeWith) return;
    const credentials = await setUp(name, kubeconfig).catch((error: unknown) => {
      if (error instanceof Obstacle) throw error;
      const { code, message } = kubernetesFailure('setting it up', error);
      throw new Obstacle(code, message);
    });
    await keepCredentials(context, cluster, credentials, { [annotations.madeWith]: madeWith });
    connected.set(name, madeWith);
  }

  /** With the administrator's kubeconfig. @throws Obstacle; ApiException; what `fetch` throws */
  async function setUp(name: string, kubeconfig: ReadKubeconfig): Promise<ClusterCredentials> {
    const address = { certificateAuthority: undefined, ...kubeconfig };
    const { client: pair, token = '' } = kubeconfig;
    const signedIn = renderKubeconfig({ ...address, ...(pair === undefined ? { token } : { client: pair }) });
    const admin = connectCluster(signedIn, { writer: writers.controllers, limits: briefAnswers });
    await tryCluster(admin, writers.controllers, 'direct');
    const other = await connectedAs(admin);
    if (other !== undefined && other !== name && caches.clusters.get(other) !== undefined)
      throw new Obstacle('ClusterUID', `it is connected already, as Cluster ${other}`);
    await applyCluster(admin, name, writers.controllers, 'direct');
    const credentials = await credentialsOf(admin, name, address, connect?.proxyUrl, 'direct');
    if (credentials === undefined)
      throw new Obstacle(initializing, 'its service accounts have no tokens yet');
    return credentials;
  }

  async function readConfig({ spec }: Stored<Cluster>): Promise<ReadConfig> {
    const { secretName = '', secretNamespace = '', key } = spec.config ?? {};
    if (!['', platformNamespace].includes(secretNamespace))
      throw new Obstacle('InvalidConfig', `spec.config.secretNamespace must be ${platformNamespace}`);
    const place = { namespace: platformNamespace, name: secretName };
    return readSecret(
      secretName,
      key || 'config',
      await orUndefined(client.core.readNamespacedSecret(place)),
    );
  }

  const say = (cluster: Stored<Cluster>, obstacle: Obstacle | undefined) =>
    setClusterConditions(context, cluster, {
      [configConnected]: obstacle && problemOf(obstacle, isSetUp(caches, cluster.metadata.name)),
    });

  return {
    name: 'configured-clusters',
    groupOf: (name) => name,
    reconcile,
    watch(add) {
      caches.clusters.onChange(add);
      caches.platformSecrets.onChange(() => {
        for (const { metadata, spec } of caches.clusters.list())
          if (spec.config?.secretName) add(metadata.name);
      });
    },
  };
}

function readSecret(name: string, key: string, secret: V1Secret | undefined): ReadConfig {
  const text = secret?.data?.[key];
  if (secret === undefined || text === undefined)
    throw new Obstacle(
      'NotFound',
      `Secret ${name} with key ${key} not found in namespace ${platformNamespace}`,
    );
  const { uid, resourceVersion } = secret.metadata ?? {};
  try {
    const kubeconfig = readKubeconfig(Buffer.from(text, 'base64').toString('utf8'));
    if (kubeconfig.proxyUrl !== undefined)
      throw new Error('it has proxy-url, but the platform connects directly');
    return { kubeconfig, madeWith: `${uid} ${resourceVersion} ${key}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it is not a kubeconfig';
    throw new Obstacle('InvalidConfig', `Secret ${name} cannot be used: ${reason}`);
  }
}

/** @param isSetUp whether the platform can do without, for now */
function problemOf({ reason, message }: Obstacle, isSetUp: boolean): Problem {
  return {
    severity: isSetUp ? 'Warning' : 'Error',
    reason,
    message: `The cluster of spec.config cannot be connected: ${message}`,
  };
}
