/**
 * `node gateway-backend.ts <settings.json>`: the fast TLS server that the gateway's load is measured against, in a
 * process of its own. It answers at once from memory, and stands for the management API as far as a gateway asks it:
 * who there is, and that he may everything; and for Temporal, that it is there. Prints both ports. `/calls` tells how often it
 * was asked what readiness asks.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { managementGroup } from '../../contracts/names.ts';

/** What it serves with, and as whom requests come. */
export interface BackendSettings {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  /** Kubeconfig of the gateway for it, `PORT` in place of the port. */
  readonly kubeconfig: string;
  /** Other ones, by the name of the Secret that they are in. */
  readonly kubeconfigs: Readonly<Record<string, string>>;
  /** Lists of the management API, by plural. */
  readonly objects: Readonly<Record<string, readonly object[]>>;
  readonly logBytes: number;
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as BackendSettings;
const json = { 'content-type': 'application/json' };
/** As large as a small pod. */
const pod = JSON.stringify({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'small' },
  pad: 'x'.repeat(1_900),
});
const podHeaders = { ...json, 'content-length': Buffer.byteLength(pod) };
const chunk = Buffer.alloc(64 * 1024, 'a log line of a pod\n');

const server = createServer(
  {
    cert: settings.certificate,
    key: settings.key,
    ca: settings.ca,
    requestCert: true,
    rejectUnauthorized: true,
  },
  (request, response) => {
    const { url = '' } = request;
    if (url.endsWith('/pods/small')) response.writeHead(200, podHeaders).end(pod);
    else if (url.endsWith('/log')) writeLog(response);
    else if (url.includes('watch=')) {
      response.writeHead(200, json);
      response.flushHeaders();
      const seconds = Number(/[?&]timeoutSeconds=(\d+)/.exec(url)?.[1] ?? Number.NaN);
      if (seconds > 0) setTimeout(() => response.end(), seconds * 1000);
    } else request.on('end', () => answer(request, response)).resume();
  },
);
const calls = { management: 0, temporal: 0 };
/** Answers every call of gRPC with an empty message. */
const temporal = createHttp2Server();
temporal.on('stream', (stream) => {
  calls.temporal++;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.alloc(5));
});
temporal.listen(0, '127.0.0.1', () => {
  const { port } = temporal.address() as AddressInfo;
  server.listen(0, '127.0.0.1', () => console.log(`${portOf()} ${port}`));
});
server.keepAliveTimeout = 120_000;

function portOf(): number {
  return (server.address() as AddressInfo).port;
}

function writeLog(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' });
  let left = settings.logBytes;
  const more = () => {
    while (left > 0) {
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}

/** What a gateway asks of a management API and of a connected cluster. */
function answer({ url = '', method }: IncomingMessage, response: ServerResponse): void {
  const path = url.split('?', 1)[0] ?? '';
  const send = (status: number, body: object) => response.writeHead(status, json).end(JSON.stringify(body));
  const secret = () => {
    const kubeconfig = settings.kubeconfigs[path.split('/').at(-1) ?? ''] ?? settings.kubeconfig;
    const config = Buffer.from(kubeconfig.replaceAll('PORT', String(portOf()))).toString('base64');
    return { metadata: { name: 'gateway', resourceVersion: '1' }, data: { config } };
  };
  if (path === `/apis/${managementGroup}/v1`) calls.management++;
  if (path === '/readyz') response.end('ok');
  else if (path === '/calls') send(200, calls);
  else if (method === 'POST') send(201, { status: { allowed: true } });
  else if (path.includes('/secrets/')) send(200, secret());
  else if (path.includes('/services/'))
    send(200, { spec: { selector: { app: 'bench' }, ports: [{ port: 443, targetPort: portOf() }] } });
  else if (path.endsWith('/pods'))
    send(200, {
      items: [{ metadata: { name: 'bench-0' }, status: { phase: 'Running', podIP: '127.0.0.1' } }],
    });
  else {
    const isOurs = [managementGroup, 'rbac.authorization.k8s.io'].some((group) =>
      path.startsWith(`/apis/${group}/v1/`),
    );
    const plural = isOurs ? (path.split('/').at(-1) ?? '') : '';
    send(200, { kind: 'List', metadata: { resourceVersion: '1' }, items: settings.objects[plural] ?? [] });
  }
}
