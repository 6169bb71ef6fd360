import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type {
  KubeconfigFields,
  KubeconfigFile,
  KubeconfigOptions,
} from '../../adapters/certificates/kubeconfig.ts';
import { PlatformError } from '../../contracts/errors.ts';

const howToGetOne =
  'give a kubeconfig with a client certificate or a token in it, for example a token of a service account that is bound to cluster-admin ("kubectl create token")';

/**
 * Address and credential of the current context of a kubeconfig that a user gave with `--kubeconfig`. Files it
 * names are read, relative to its own folder; plugins are not run.
 * @throws PlatformError `invalid_request`: one sentence that says what to change, and holds nothing of the file's
 *   secrets
 */
export function readUserKubeconfig(file: string): KubeconfigOptions {
  try {
    const { cluster, user } = currentContext(parseKubeconfig(readText(file, 'it')));
    const path = (name: string) => resolve(dirname(file), name);
    return { ...address(cluster, path), ...credential(user, path) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new PlatformError(
      'invalid_request',
      `the kubeconfig ${file} (--kubeconfig) cannot be used: ${error.message}`,
      { cause: error },
    );
  }
}

class Refusal extends Error {}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new Refusal(`${what} ${reason}`, { cause });
  }
}

function parseKubeconfig(text: string): KubeconfigFile {
  let config: unknown;
  try {
    // Its pretty errors quote the text, which holds keys.
    config = parse(text, { version: '1.1', prettyErrors: false, logLevel: 'error' });
  } catch (cause) {
    throw new Refusal('it is not YAML', { cause });
  }
  if (typeof config !== 'object' || config === null) throw new Refusal('it is not a kubeconfig');
  return config;
}

function currentContext(config: KubeconfigFile): { cluster: KubeconfigFields; user: KubeconfigFields } {
  const current = config['current-context'];
  if (current === undefined || current === '')
    throw new Refusal('it does not have a current context ("kubectl config use-context" sets one)');
  const context = config.contexts?.find(({ name }) => name === current)?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users?.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined)
    throw new Refusal(`its current context "${current}" names a context, cluster or user that is not in it`);
  return { cluster, user };
}

type Path = (name: string) => string;

function address(
  cluster: KubeconfigFields,
  path: Path,
): Pick<KubeconfigOptions, 'server' | 'certificateAuthority' | 'tlsServerName'> {
  const server = text(cluster, 'server') ?? '';
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:')
    throw new Refusal('its server is not an https URL');
  if (new URL(server).pathname !== '/')
    throw new Refusal(`its server ${server} has a path, but the platform needs the API server itself`);
  if (cluster['insecure-skip-tls-verify'] === true)
    throw new Refusal('it has insecure-skip-tls-verify, but the platform always verifies certificates');
  if (text(cluster, 'proxy-url') !== undefined)
    throw new Refusal('it has proxy-url, but the platform connects to clusters directly');
  const tlsServerName = text(cluster, 'tls-server-name');
  return {
    server: server.replace(/\/$/, ''),
    certificateAuthority: embeddedOrFile(cluster, 'certificate-authority', path),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
  };
}

function credential(
  user: KubeconfigFields,
  path: Path,
): { client: { certificate: string; key: string } } | { token: string } {
  const plugin = ['exec', 'auth-provider', 'username', 'as'].find((name) => user[name] !== undefined);
  if (plugin !== undefined) {
    throw new Refusal(
      `its user signs in by "${plugin}", but the platform does not run plugins; ${howToGetOne}`,
    );
  }
  const certificate = embeddedOrFile(user, 'client-certificate', path);
  const key = embeddedOrFile(user, 'client-key', path);
  if (certificate !== undefined && key !== undefined) {
    checkDates(certificate);
    return { client: { certificate, key } };
  }
  const tokenFile = text(user, 'tokenFile');
  const token =
    tokenFile === undefined ? text(user, 'token') : readText(path(tokenFile), `the file ${tokenFile}`).trim();
  if (token === undefined)
    throw new Refusal(`its user has neither a client certificate nor a token; ${howToGetOne}`);
  return { token };
}

function checkDates(certificate: string): void {
  let validTo: string;
  try {
    ({ validTo } = new X509Certificate(certificate));
  } catch (cause) {
    throw new Refusal('its client certificate is malformed', { cause });
  }
  if (new Date(validTo) < new Date()) throw new Refusal(`its client certificate expired on ${validTo}`);
}

/** PEM of field `<name>-data`, or of the file in field `<name>`. */
function embeddedOrFile(fields: KubeconfigFields, name: string, path: Path): string | undefined {
  const data = text(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = text(fields, name);
  return file === undefined ? undefined : readText(path(file), `the file ${file} that it names`);
}

function text(fields: KubeconfigFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
