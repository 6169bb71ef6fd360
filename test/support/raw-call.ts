import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { parse } from 'yaml';

/** Status and body of an answer; of a refused upgrade too. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

export type RawCall = (
  method: string,
  path: string,
  options?: { body?: object; headers?: Record<string, string> },
) => Promise<RawAnswer>;

const timeoutMs = 30_000;

/** Requests to a Kubernetes API under the client certificate of a kubeconfig, upgrades too (nothing is sent on them). */
export function createRawCall(kubeconfig: string): RawCall {
  const { clusters, users } = parse(kubeconfig) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const [cluster, user] = [clusters[0]?.cluster ?? {}, users[0]?.user ?? {}];
  const pem = (text: string | undefined) => Buffer.from(text ?? '', 'base64');
  const identity = {
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  };
  return (method, path, { body, headers = {} } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const outgoing = request(new URL(path, cluster['server']), {
      ...identity,
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      timeout: timeoutMs,
    });
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.once('upgrade', (response, socket: TLSSocket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, text: '' });
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`${path}: no answer`)));
    outgoing.once('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  };
}
