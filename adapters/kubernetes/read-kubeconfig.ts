import { parse } from 'yaml';
import type { KubeconfigFields, KubeconfigFile } from '../certificates/kubeconfig.ts';

/** What a kubeconfig's current context says in so many words. */
export interface ReadKubeconfig {
  /** `https://host[:port]` */
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority?: string;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  /** PEM; the gateway and worker sign in by it, or by the token. */
  readonly client?: { readonly certificate: string; readonly key: string };
  readonly token?: string;
}

/** What would open a file here, run a program, or sign in as another user. */
const refused = {
  cluster: ['certificate-authority'],
  user: [
    'exec',
    'auth-provider',
    'username',
    'password',
    'tokenFile',
    'client-certificate',
    'client-key',
    'as',
    'as-uid',
    'as-groups',
    'as-user-extra',
  ],
} as const;

/**
 * The current context of a kubeconfig out of a Secret, which others can write: only what stands in the text itself
 * counts. Files that it names are not opened, plugins are not run (client-node would), TLS is always verified.
 * @throws Error that says what is missing or refused, never a value
 */
export function readKubeconfig(text: string): ReadKubeconfig {
  const { cluster, user } = currentContext(text);
  for (const [kind, fields] of [
    ['cluster', cluster],
    ['user', user],
  ] as const) {
    const found = refused[kind].find((name) => fields[name] !== undefined && fields[name] !== '');
    if (found !== undefined)
      throw new Error(`the kubeconfig has ${found}: only inline certificates, keys and tokens are supported`);
  }
  const server = stringField(cluster, 'server');
  if (server === undefined || !URL.canParse(server)) throw new Error('the kubeconfig does not have a server');
  if (new URL(server).protocol !== 'https:') throw new Error('the server of the kubeconfig is not https');
  if (cluster['insecure-skip-tls-verify'] === true)
    throw new Error(
      'the kubeconfig has insecure-skip-tls-verify, but the platform always verifies certificates',
    );
  const certificate = dataField(user, 'client-certificate-data');
  const key = dataField(user, 'client-key-data');
  const optional = {
    certificateAuthority: dataField(cluster, 'certificate-authority-data'),
    tlsServerName: stringField(cluster, 'tls-server-name'),
    proxyUrl: stringField(cluster, 'proxy-url'),
    client: certificate === undefined || key === undefined ? undefined : { certificate, key },
    token: stringField(user, 'token'),
  };
  if (optional.client === undefined && optional.token === undefined)
    throw new Error('the kubeconfig has neither client-certificate-data with client-key-data nor a token');
  return {
    server,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<ReadKubeconfig>),
  };
}

function currentContext(text: string): { cluster: KubeconfigFields; user: KubeconfigFields } {
  const config = parse(text, { version: '1.1', prettyErrors: false }) as KubeconfigFile | null;
  const context = config?.contexts?.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config?.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config?.users?.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined)
    throw new Error('the kubeconfig does not have a current context with cluster and user');
  return { cluster, user };
}

function stringField(fields: KubeconfigFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function dataField(fields: KubeconfigFields, name: string): string | undefined {
  const value = stringField(fields, name);
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}
