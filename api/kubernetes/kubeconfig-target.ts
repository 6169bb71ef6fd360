import { parse } from 'yaml';
import type { UpstreamTarget } from './upstream.ts';

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context?: { cluster?: string; user?: string } }[];
  clusters?: { name: string; cluster?: Record<string, unknown> }[];
  users?: { name: string; user?: Record<string, unknown> }[];
}

/**
 * Address and credential of a kubeconfig's current context. Only what stands in the text itself counts:
 * a kubeconfig is read from other clusters' Secrets, so files it names are not opened and plugins not run.
 * @throws Error that names what is missing, never a value
 */
export function targetOfKubeconfig(text: string): UpstreamTarget {
  const { cluster, user } = currentContext(text);
  const server = stringField(cluster, 'server');
  if (server === undefined || !URL.canParse(server)) throw new Error('the kubeconfig has no server');
  const url = new URL(server);
  if (url.protocol !== 'https:') throw new Error('the server of the kubeconfig is not https');
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw new Error('the kubeconfig says insecure-skip-tls-verify: the gateway always verifies');
  }
  const ca = dataField(cluster, 'certificate-authority-data');
  const cert = dataField(user, 'client-certificate-data');
  const key = dataField(user, 'client-key-data');
  const token = stringField(user, 'token');
  if ((cert === undefined || key === undefined) && token === undefined) {
    throw new Error('the kubeconfig has neither client-certificate-data with client-key-data nor a token');
  }
  return {
    host: url.hostname,
    port: Number(url.port || '443'),
    servername: stringField(cluster, 'tls-server-name') ?? url.hostname,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(token === undefined ? {} : { token }),
  };
}

function currentContext(text: string): { cluster: Record<string, unknown>; user: Record<string, unknown> } {
  const config = parse(text, { version: '1.1' }) as Kubeconfig | null;
  const context = config?.contexts?.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config?.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config?.users?.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined)
    throw new Error('the kubeconfig has no current context with cluster and user');
  return { cluster, user };
}

function stringField(object: Record<string, unknown>, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function dataField(object: Record<string, unknown>, name: string): string | undefined {
  const value = stringField(object, name);
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}
