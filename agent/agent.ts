import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { setInterval, setTimeout as delay } from 'node:timers/promises';
import { jitteredBackoffMs } from '../adapters/backoff.ts';
import { apiMessage, orUndefined } from '../adapters/kubernetes/failures.ts';
import type { Logger } from '../adapters/logging.ts';
import { createAddressCheck } from '../adapters/services/allowed-addresses.ts';
import { createServiceDial, unreachable } from '../adapters/services/dial-service.ts';
import { type DialTcp, dialTcp } from '../adapters/services/dial-tcp.ts';
import type { ReadableCluster } from '../adapters/services/resolve-service.ts';
import type { AgentConfig } from '../contracts/agent-config.ts';
import { clusterUidOf, createAgentApi, versionOf } from './agent-api.ts';
import { type ClusterApi, openClusterApi } from './cluster-api.ts';
import { createFileStore, createSecretStore } from './credential-store.ts';
import { type AgentIdentity, type IdentityOptions, openIdentity } from './identity.ts';
import { agentVersion, createPlatformApi, type PlatformApi, RefusedByPlatform } from './platform-api.ts';
import { serveProbes } from './probes.ts';
import { createServeStream, type StreamTargets } from './serve-stream.ts';
import { createTenantCheck } from './tenant-services.ts';
import { createTunnelClient, type TunnelClient } from './tunnel-client.ts';

export interface RunningAgent {
  /** Settles when the first connection to the gateway is open. */
  readonly ready: Promise<void>;
  /** Takes no new streams, and gives those that are open `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

/** Credentials that are tried for one connection: the next one, the present one, and the one of a new join. */
const maxCredentials = 3;
const defaultRotateSeconds = 86_400;
/** Of a connection that the gateway writes: more than one turn of the event loop brings. */
const writeBufferBytes = 1024 * 1024;
const longestTickMs = 60_000;

/**
 * Starts the agent of a connected cluster; what it cannot reach it tries again and again.
 * @throws PlatformError `invalid_request`: the configuration cannot be used
 */
export function startAgent(config: AgentConfig, logger: Logger): RunningAgent {
  const api = openClusterApi(config.kubeconfig);
  const platform = createPlatformApi(config);
  if (config.insecureSkipVerify === true)
    logger.warn('insecureSkipVerify is set: the agent accepts any certificate at its url');
  const stopping = new AbortController();
  const identity = patiently(() => openIdentity(identityOptions(config, api, platform, logger)), {
    what: 'failed to read the credential of the agent; retrying',
    logger,
    signal: stopping.signal,
  });
  const agentApi = createAgentApi(api, config.namespace, logger);
  const tunnel = createTunnelClient({
    connect: async (slot) => connectAs(await identity, platform, slot, logger),
    serve: createServeStream({ ...targetsOf(config, api, identity), agentApi }, logger),
    logger,
  });
  const probes =
    config.probePort === undefined ? undefined : serveProbes(config.probePort, () => tunnel.open > 0, logger);
  const { signal } = stopping;
  rotating(identity, { seconds: config.rotateSeconds ?? defaultRotateSeconds, tunnel, logger, signal }).catch(
    (error: unknown) => {
      if (!signal.aborted)
        logger.error({ err: error }, 'the credential of the agent is not changed any more');
    },
  );
  return {
    ready: tunnel.ready,
    async stop(drainMs) {
      stopping.abort();
      await tunnel.stop(drainMs);
      agentApi.closeAllConnections();
      probes?.close();
      await api.close();
    },
  };
}

function identityOptions(
  { credential, namespace, joinKeyFile }: AgentConfig,
  api: ClusterApi,
  platform: PlatformApi,
  logger: Logger,
): IdentityOptions {
  return {
    store:
      'file' in credential
        ? createFileStore(credential.file)
        : createSecretStore(api, namespace, credential.secret),
    platform,
    joinKey: async () => {
      if (joinKeyFile === undefined) return undefined;
      const text = await readFile(joinKeyFile, 'utf8').catch(() => '');
      return text.trim() || undefined;
    },
    about: async () => ({
      clusterUid: await clusterUidOf(api),
      kubernetesVersion: await versionOf(api),
      agentVersion,
    }),
    logger,
  };
}

async function connectAs(
  identity: AgentIdentity,
  platform: PlatformApi,
  slot: number,
  logger: Logger,
): Promise<Duplex> {
  for (let tries = 1; ; tries++) {
    const credential = await identity.credential();
    try {
      const socket = await platform.openTunnel(credential, identity.generation, slot);
      // Not waited for: the gateway talks already. What is not saved is found out again at the next start.
      identity.accepted(credential).catch((error: unknown) => {
        logger.warn({ reason: apiMessage(error) }, 'failed to save which credential is in use');
      });
      return socket;
    } catch (error) {
      const status = error instanceof RefusedByPlatform ? error.status : undefined;
      if (status === 409) await identity.replaced();
      if (status === 401) identity.refused(credential);
      if (status !== 401 || tries >= maxCredentials) throw error;
    }
  }
}

function targetsOf(
  { loopbackPods }: AgentConfig,
  api: ClusterApi,
  identity: Promise<AgentIdentity>,
): Omit<StreamTargets, 'agentApi'> {
  const read: ReadableCluster['read'] = (path) => orUndefined(api.request({ path }));
  const checkTenant = createTenantCheck(api);
  const checkAddress = createAddressCheck(loopbackPods === undefined ? undefined : { range: loopbackPods });
  const dial: DialTcp = (host, port) => dialTcp(host, port, { writeBufferBytes });
  const dialService = createServiceDial({ get: async (name) => ({ name, read }) }, checkAddress, dial);
  return {
    apiServer: () => dial(api.host, api.port).catch((cause: unknown) => unreachable('its API server', cause)),
    async service(namespace, service) {
      await checkTenant(namespace, service);
      const { cluster = 'unknown' } = await identity;
      return dialService({ cluster, namespace, service, port: 443 });
    },
  };
}

interface Patience {
  readonly what: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What `attempt` gives once it succeeds. */
async function patiently<T>(attempt: () => Promise<T>, { what, logger, signal }: Patience): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      logger.warn({ reason: apiMessage(error) }, what);
      await delay(jitteredBackoffMs(failures, 500, 10_000), undefined, { signal });
    }
  }
}

interface Rotating {
  readonly seconds: number;
  readonly tunnel: TunnelClient;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Gives a connected agent a new credential whenever its present one is `seconds` old. */
async function rotating(
  opened: Promise<AgentIdentity>,
  { seconds, tunnel, logger, signal }: Rotating,
): Promise<void> {
  const identity = await opened;
  const tickMs = Math.min(longestTickMs, seconds * 1000);
  for await (const _ of setInterval(tickMs, undefined, { signal })) {
    // Its distance: a clock that was set back does not put it off.
    const isDue = Math.abs(Date.now() - identity.since) >= seconds * 1000;
    if (tunnel.open === 0 || !isDue) continue;
    try {
      await identity.rotate();
      tunnel.renew(); // its first use
      logger.info('the agent has a new credential');
    } catch (error) {
      logger.warn({ reason: apiMessage(error) }, 'failed to change the credential of the agent; retrying');
    }
  }
}
