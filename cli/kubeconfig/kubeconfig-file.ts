import { extname, join } from 'node:path';
import { type Login, loginPath, originOf } from '../connection/login-file.ts';
import {
  type Kubeconfig,
  kubeconfigFiles,
  kubeconfigText,
  type NamedEntry,
  readKubeconfig,
  type Section,
  sections,
} from './kubeconfig-rules.ts';
import { replaceContents, withLocks } from '../connection/locked-file.ts';

/** Where a kubeconfig goes. */
export interface KubeconfigOptions {
  readonly print?: boolean;
  readonly kubeconfig?: string;
}

/** A path of a platform as a context. */
export interface IssuedContext {
  /** Of the context, its cluster and its user. */
  readonly name: string;
  /** Below the platform's URL. */
  readonly path: string;
  readonly namespace?: string;
}

/** Prints a kubeconfig, or adds it to a file and makes its context the current one. */
export async function giveKubeconfig(
  login: Login,
  issued: IssuedContext,
  { print, kubeconfig }: KubeconfigOptions,
  example: string,
): Promise<void> {
  if (print === true) {
    process.stdout.write(kubeconfigText(added({}, entriesOf(login, issued), sections, issued.name)));
    return;
  }
  const files = kubeconfigFiles(kubeconfig);
  const name = await withLocks(files.read, 0o755, () => addContext(files, login, issued));
  const flag = kubeconfig ? `--kubeconfig ${files.write} ` : '';
  const where = files.read.length > 1 ? '' : ` of ${files.write}`;
  console.log(`current context${where} is now ${name}; try: kubectl ${flag}${example}`);
}

/** Adds the context to the files where kubectl would write it; gives its name. */
function addContext(
  { read, write }: ReturnType<typeof kubeconfigFiles>,
  login: Login,
  issued: IssuedContext,
): string {
  const configs = new Map(read.map((file) => [file, readKubeconfig(file)]));
  const all = merged([...configs.values()]);
  const { host } = new URL(login.url);
  // Another platform's context of this name stays as it is.
  const name = isElsewhere(all, issued.name, login.url)
    ? `${issued.name}_${host.replaceAll(/[[\]]/g, '').replaceAll(':', '_')}`
    : issued.name;
  const entries = entriesOf(login, { ...issued, name });
  const home = (section: Section) =>
    read.find((file) => configs.get(file)?.[section]?.some((entry) => entry?.name === name)) ?? write;
  for (const [file, config] of configs) {
    const here = sections.filter((section) => home(section) === file);
    const current = file === write && all['current-context'] !== name ? name : undefined;
    if (here.length > 0 || current !== undefined)
      replaceContents(file, kubeconfigText(added(config, entries, here, current)), 0o004);
  }
  return name;
}

/** The entries that kubectl sees: of one name, the first. */
function merged(configs: readonly Kubeconfig[]): Kubeconfig {
  const list = (section: Section) => configs.flatMap((config) => config[section] ?? []);
  const current = configs.map((config) => config['current-context']).find(Boolean);
  return {
    clusters: list('clusters'),
    users: list('users'),
    contexts: list('contexts'),
    ...(current === undefined ? {} : { 'current-context': current }),
  };
}

/** Whether something that is called `name` belongs to a server that is not the platform at `url`. */
function isElsewhere({ clusters, contexts }: Kubeconfig, name: string, url: string): boolean {
  const server = (cluster: unknown) => clusters?.find((entry) => entry?.name === cluster)?.cluster?.server;
  const users = (contexts ?? []).filter(
    (entry) => entry?.name === name || entry?.context?.user === name || entry?.context?.cluster === name,
  );
  const servers = [server(name), ...users.map((entry) => server(entry?.context?.cluster))];
  return servers.some((one) => typeof one === 'string' && originOf(one) !== url);
}

/** This command: its source, or beside this file in its bundle, which is one folder. */
const program = join(import.meta.dirname, extname(import.meta.filename) === '.ts' ? '../main.ts' : 'main.js');

/**
 * Cluster, user and context. The cluster has the address and the trust of the login, which are known to work from
 * here; the user is the command that gives kubectl the key for this platform, by absolute paths, so that it works
 * wherever kubectl is started.
 */
function entriesOf(login: Login, { name, path, namespace }: IssuedContext): Record<Section, NamedEntry> {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: [program, 'token', '--platform', login.url],
    env: [{ name: 'VCP_CONFIG', value: loginPath() }],
    interactiveMode: 'Never',
    // Tells the command where kubectl is going to send the key.
    provideClusterInfo: true,
  };
  return {
    clusters: { name, cluster: { server: `${login.url}${path}`, ...trustOf(login) } },
    users: { name, user: { exec } },
    contexts: {
      name,
      context: { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) },
    },
  };
}

function trustOf({ certificateAuthority, insecure }: Login): Record<string, unknown> {
  if (insecure === true) return { 'insecure-skip-tls-verify': true };
  if (certificateAuthority === undefined) return {};
  return { 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') };
}

function added(
  config: Kubeconfig,
  entries: Record<Section, NamedEntry>,
  into: readonly Section[],
  current: string | undefined,
): Kubeconfig {
  const result: Record<string, unknown> = { apiVersion: 'v1', kind: 'Config', ...config };
  for (const section of into) {
    const { name } = entries[section];
    const list = config[section] ?? [];
    const at = list.findIndex((entry) => entry?.name === name);
    result[section] = at < 0 ? [...list, entries[section]] : list.with(at, entries[section]);
  }
  if (current !== undefined) result['current-context'] = current;
  return result;
}

/**
 * Origins that contexts of earlier versions lead to, which run `vcp token` without saying for which platform: those
 * in the files that kubectl would read.
 */
export function unboundServers(): string[] {
  const readable = (file: string): Kubeconfig[] => {
    try {
      return [readKubeconfig(file)];
    } catch {
      return []; // kubectl does not use it either
    }
  };
  const { users, contexts, clusters } = merged(kubeconfigFiles(undefined).read.flatMap(readable));
  const unbound = (users ?? []).filter((entry) => isUnbound(entry?.user?.exec)).map((entry) => entry?.name);
  return (contexts ?? [])
    .filter((entry) => unbound.includes(String(entry?.context?.user)))
    .map((entry) => clusters?.find((cluster) => cluster?.name === entry?.context?.cluster)?.cluster?.server)
    .flatMap((server) => originOf(String(server)) ?? []);
}

function isUnbound(exec: Record<string, unknown> | null | undefined): boolean {
  const { args, env } = exec ?? {};
  if (!Array.isArray(args) || args.at(-1) !== 'token') return false;
  const variables = (Array.isArray(env) ? env : []) as { name?: unknown; value?: unknown }[];
  const config = variables.find(({ name }) => name === 'VCP_CONFIG');
  return config === undefined || config.value === loginPath();
}
