import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { Connection } from '@temporalio/client';
import type { CertificatePair } from '../adapters/certificates/certificate-authority.ts';
import { readyPath } from '../adapters/kubernetes/readiness-path.ts';
import { temporalConnection, type TemporalServer } from '../adapters/temporal-connection.ts';

/** Whether a GET of `url` is answered with 200 within two seconds. Rejects while nothing listens. */
function answersOk(url: URL, options: Pick<RequestOptions, 'ca' | 'cert' | 'key'>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 2 s')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** Whether the gateway answers `/readyz` with 200 within two seconds. Rejects while nothing listens. */
export function isGatewayReady(url: string, caFile: string): Promise<boolean> {
  return answersOk(new URL('/readyz', url), { ca: readFileSync(caFile) });
}

interface ApiServerProbe {
  /** `https://host:port` */
  url: string;
  certificateAuthority: string;
  /** Of a member of `system:masters`. */
  client: CertificatePair;
  /** Default: ready but for roles and priority classes. */
  path?: string;
}

/** Whether the API server answers 200 within two seconds. Rejects while nothing listens. */
export function isApiServerReady(probe: ApiServerProbe): Promise<boolean> {
  return answersOk(new URL(probe.path ?? readyPath, probe.url), {
    ca: probe.certificateAuthority,
    cert: probe.client.certificate,
    key: probe.client.key,
  });
}

/** Whether a Temporal frontend answers there, within two seconds. Rejects or answers false if not. */
export async function answersTemporal(temporal: TemporalServer): Promise<boolean> {
  const connection = Connection.lazy({ ...temporalConnection(temporal), connectTimeout: 2000 });
  try {
    await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.getSystemInfo({}));
    return true;
  } finally {
    await connection.close();
  }
}

/** Whether a server accepts connections on this unix socket. */
export function acceptsConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
