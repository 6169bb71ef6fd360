import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { SpaceInstance } from '../contracts/resources/space-instance.ts';
import { CommandFailure } from './failure.ts';
import { type Login, loginPath, writePrivateFile } from './login-file.ts';

/** Where a kubeconfig goes. */
export interface KubeconfigOptions {
  readonly print?: boolean;
  readonly kubeconfig?: string;
}

interface Named {
  name: string;
  [field: string]: unknown;
}
export interface Kubeconfig {
  clusters?: Named[];
  users?: (Named & { user?: { exec?: Record<string, unknown> } })[];
  contexts?: Named[];
  'current-context'?: string;
  [field: string]: unknown;
}

/** Prints a kubeconfig, or adds it to a file and makes its context the current one. */
export function giveKubeconfig(
  issued: Kubeconfig,
  { print, kubeconfig }: KubeconfigOptions,
  example: string,
): void {
  if (print === true) {
    process.stdout.write(stringify(issued, { version: '1.1', lineWidth: 0 }));
    return;
  }
  const file = resolve(kubeconfig ?? join(homedir(), '.kube', 'config'));
  writePrivateFile(file, stringify(merge(readKubeconfig(file), issued), { version: '1.1', lineWidth: 0 }));
  console.log(
    `current context of ${file} is now ${issued['current-context']}; try: kubectl --kubeconfig ${file} ${example}`,
  );
}

/** The exec plugin by absolute paths, so that it works wherever kubectl is started. */
export function withOwnPlugin(config: Kubeconfig): Kubeconfig {
  const users = config.users?.map((entry) => {
    const exec = {
      ...entry.user?.exec,
      command: process.execPath,
      args: [join(import.meta.dirname, 'main.ts'), 'token'],
      env: [{ name: 'VCP_CONFIG', value: loginPath() }],
    };
    return { ...entry, user: { exec } };
  });
  return { ...config, ...(users === undefined ? {} : { users }) };
}

function readKubeconfig(file: string): Kubeconfig {
  if (!existsSync(file)) return { apiVersion: 'v1', kind: 'Config' };
  try {
    return (parse(readFileSync(file, 'utf8'), { version: '1.1' }) ?? {
      apiVersion: 'v1',
      kind: 'Config',
    }) as Kubeconfig;
  } catch {
    throw new CommandFailure(
      'invalid_request',
      `${file} is not a kubeconfig: choose another file with --kubeconfig`,
    );
  }
}

function merge(present: Kubeconfig, issued: Kubeconfig): Kubeconfig {
  const merged = <T extends Named>(before: T[] = [], added: T[] = []): T[] => [
    ...before.filter(({ name }) => !added.some((entry) => entry.name === name)),
    ...added,
  ];
  return {
    ...present,
    clusters: merged(present.clusters, issued.clusters),
    users: merged(present.users, issued.users),
    contexts: merged(present.contexts, issued.contexts),
    ...(issued['current-context'] === undefined ? {} : { 'current-context': issued['current-context'] }),
  };
}

/**
 * A kubeconfig whose context is the namespace of a space. It names the platform and the command that gives kubectl
 * its key, so nothing is issued for it.
 * @throws CommandFailure `cluster_unreachable` if the space has no namespace yet
 */
export function spaceKubeconfig(
  login: Login,
  project: string,
  { metadata, spec, status }: SpaceInstance,
): Kubeconfig {
  const { name } = metadata;
  const namespace = status?.clusterRef?.namespace || spec?.clusterRef?.namespace;
  if (!namespace)
    throw new CommandFailure(
      'cluster_unreachable',
      `the namespace of space ${name} does not exist yet; try again`,
    );
  const entry = `vcluster-platform_${name}_${project}`;
  const { url, certificateAuthority, insecure } = login;
  const trust =
    certificateAuthority === undefined
      ? insecure === true
        ? { 'insecure-skip-tls-verify': true }
        : {}
      : { 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') };
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };
  return withOwnPlugin({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: entry, cluster: { server: `${url}/kubernetes/project/${project}/space/${name}`, ...trust } },
    ],
    users: [{ name: entry, user: { exec } }],
    contexts: [{ name: entry, context: { cluster: entry, user: entry, namespace } }],
    'current-context': entry,
  });
}
