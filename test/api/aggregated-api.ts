import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { createUpstreamIdentity } from './upstream-identity.ts';

/** A program that answers in the place of an API server it stands behind. */
export interface AggregatedApi {
  /** Below this path. */
  readonly path: string;
  /** URLs that it was asked for there. */
  readonly asked: string[];
  behave(behaviour: (request: IncomingMessage, response: ServerResponse) => void): void;
  close(): Promise<void>;
}

const group = 'answers.example';
const version = 'v1';

/** Serves group `answers.example` for the API server of `admin`, which carries requests for it there. */
export async function startAggregatedApi(admin: ClusterClient): Promise<AggregatedApi> {
  const { serving } = await createUpstreamIdentity('aggregated');
  const path = `/apis/${group}/${version}`;
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let behaviour: Parameters<AggregatedApi['behave']>[0] = (_incoming, response) => void response.end();
  const discovery = {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: `${group}/${version}`,
    resources: [],
  };
  const server = createServer({ cert: serving.cert, key: serving.key }, (incoming, response) => {
    const { url = '' } = incoming;
    if (url.startsWith(`${path}/`)) {
      asked.push(url);
      behaviour(incoming, response);
    } else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(discovery));
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await applyObject(admin, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'answers', namespace: 'default' },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  } as never);
  await applyObject(admin, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}` },
    spec: {
      group,
      version,
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: 'answers', namespace: 'default', port },
    },
  } as never);
  await eventually('it is available', async () => {
    const found = (await admin.custom.getClusterCustomObject({
      group: 'apiregistration.k8s.io',
      version: 'v1',
      plural: 'apiservices',
      name: `${version}.${group}`,
    })) as { status?: { conditions?: { type: string; status: string }[] } };
    return found.status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True');
  });
  return {
    path,
    asked,
    behave(next) {
      behaviour = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
