import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { logFileOf, readLog } from './container-log.ts';
import { startEgress } from './egress.ts';
import type { NodeContext } from './node-context.ts';

/** The part of kubelet's HTTPS API that the API server calls for `kubectl logs`. */
export interface KubeletApi {
  readonly port: number;
  stop(): void;
}

/** Serves on 127.0.0.1, and through the egress socket, to the one client certificate that the configuration names. */
export async function startKubeletApi(context: NodeContext): Promise<KubeletApi> {
  const { port, certFile, keyFile, clientCaFile, egressSocket } = context.config.kubeletApi;
  const server = createServer(
    {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ca: readFileSync(clientCaFile),
      requestCert: true,
      rejectUnauthorized: false, // answered below, with a reason
    },
    (request, response) => {
      handle(context, request, response).catch((err: unknown) => {
        context.logger.debug({ err, url: request.url }, 'request aborted');
        response.destroy();
      });
    },
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const closeEgress = egressSocket === undefined ? undefined : await startEgress(egressSocket, server, bound);
  return {
    port: bound,
    stop() {
      closeEgress?.();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function handle(
  context: NodeContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const socket = request.socket as TLSSocket;
  const subject = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined;
  if (subject !== context.config.kubeletApi.clientName) {
    return answer(response, 401, 'Unauthorized', 'only the API server of this cluster may call the node');
  }
  const url = new URL(request.url ?? '/', 'https://node');
  const [verb, ...parts] = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (verb === 'healthz') return void response.end('ok');
  if (verb === 'containerLogs' && request.method === 'GET')
    return sendLog(context, parts, url.searchParams, response);
  if (['exec', 'attach', 'portForward', 'run'].includes(verb ?? '')) {
    return answer(
      response,
      501,
      'NotImplemented',
      `pods of this node are processes of its machine; ${verb} is not possible`,
    );
  }
  return answer(response, 404, 'NotFound', `this node does not serve ${url.pathname}`);
}

async function sendLog(
  context: NodeContext,
  [namespace, name, container = '']: string[],
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const pod = context.records.list().find((record) => record.namespace === namespace && record.name === name);
  const previous = query.get('previous') === 'true';
  const home = pod === undefined ? undefined : context.records.folders(pod.uid).container(container);
  const file = home === undefined || !/^[a-z0-9-]+$/.test(container) ? undefined : logFileOf(home, previous);
  if (home === undefined || file === undefined) {
    const which = previous ? 'no previous run' : 'not started yet';
    return answer(
      response,
      404,
      'NotFound',
      `container ${container} of pod ${namespace}/${name} has ${which} on this node`,
    );
  }
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  const number = (key: string) => (query.has(key) ? Number(query.get(key)) : undefined);
  const options = {
    follow: query.get('follow') === 'true',
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
  };
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.flushHeaders();
  await pipeline(Readable.from(readLog(file, options, closed.signal)), response);
}

function answer(response: ServerResponse, code: number, reason: string, message: string): void {
  response.writeHead(code, { 'Content-Type': 'application/json' });
  response.end(
    JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      code,
      reason,
      message,
    }),
  );
}
