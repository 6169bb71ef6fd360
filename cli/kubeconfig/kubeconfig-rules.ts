import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseAllDocuments, type ScalarTag, stringify, type Tags } from 'yaml';
import { CommandFailure } from '../failures/failure.ts';

/** The lists of a kubeconfig. */
export const sections = ['clusters', 'users', 'contexts'] as const;
export type Section = (typeof sections)[number];

/** An entry of one of them; it has a field of the section's name in the singular. */
export interface NamedEntry {
  readonly name?: string;
  readonly cluster?: { readonly server?: unknown } | null;
  readonly user?: { readonly exec?: Record<string, unknown> | null } | null;
  readonly context?: {
    readonly cluster?: unknown;
    readonly user?: unknown;
    readonly namespace?: unknown;
  } | null;
}

/** What a kubeconfig holds; fields that nobody here knows stay. */
export interface Kubeconfig extends Partial<Record<Section, (NamedEntry | null)[] | null>> {
  readonly 'current-context'?: unknown;
}

/** Where kubectl looks for its configuration, and where it writes what is new. */
export interface KubeconfigFiles {
  /** The first that has an entry wins. */
  readonly read: readonly string[];
  readonly write: string;
}

/**
 * The files by kubectl's rules (client-go, `clientcmd.PathOptions`): the one that is asked for; else those of
 * `KUBECONFIG`, where new entries go to the first that exists, or to the last; else `~/.kube/config`.
 */
export function kubeconfigFiles(asked: string | undefined, env = process.env): KubeconfigFiles {
  if (asked) return { read: [resolve(asked)], write: resolve(asked) };
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((name) => name !== '');
  const paths = [...new Set(named.map((name) => resolve(name)))];
  const last = paths.at(-1);
  if (last !== undefined) return { read: paths, write: paths.find((path) => existsSync(path)) ?? last };
  const home = join(homedir(), '.kube', 'config');
  return { read: [home], write: home };
}

const timestamp = 'tag:yaml.org,2002:timestamp';
const format = {
  version: '1.1',
  lineWidth: 0,
  uniqueKeys: false,
  prettyErrors: false, // they quote the text, which holds keys
  logLevel: 'error',
  intAsBigInt: true,
  // A date stays the text that it is.
  customTags: (tags: Tags) =>
    tags.filter((tag) => typeof tag !== 'object' || (tag as ScalarTag).tag !== timestamp),
} as const;
const aliases = { maxAliasCount: 10_000 };

/**
 * Reads a kubeconfig as kubectl does: one that is missing or empty has no entries.
 * @throws CommandFailure `invalid_request` for a file that kubectl refuses; nothing of its text is in the message
 */
export function readKubeconfig(file: string): Kubeconfig {
  const refuse = (reason: string) =>
    new CommandFailure('invalid_request', `the kubeconfig ${file} ${reason}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw refuse(`cannot be read (${code})`);
  }
  const [first] = parseAllDocuments(text, format);
  if (first === undefined) return {};
  if (first.errors.length > 0) throw refuse('is not YAML');
  const value: unknown = first.toJS(aliases);
  const reason = reasonAgainst(value);
  if (reason !== undefined) throw refuse(reason);
  return (value ?? {}) as Kubeconfig;
}

function reasonAgainst(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) return 'does not hold a kubeconfig';
  const { kind, apiVersion } = value as { kind?: unknown; apiVersion?: unknown };
  if (!['Config', '', null, undefined].includes(kind as string))
    return `has kind ${String(kind)}, not Config`;
  if (!['v1', '', null, undefined].includes(apiVersion as string))
    return `has apiVersion ${String(apiVersion)}, not v1`;
  for (const section of sections) {
    const reason = reasonAgainstList(section, (value as Record<Section, unknown>)[section]);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonAgainstList(section: Section, list: unknown): string | undefined {
  if (list === null || list === undefined) return undefined;
  if (!Array.isArray(list)) return `has ${section} that are not a list`;
  const names = new Set<string>();
  for (const entry of list as unknown[]) {
    if (entry !== null && (typeof entry !== 'object' || Array.isArray(entry)))
      return `has an entry in ${section} that is not an object`;
    const name = (entry as NamedEntry | null)?.name ?? '';
    if (typeof name !== 'string') return `has a name in ${section} that is not text`;
    if (names.has(name)) return `has two ${section} named "${name}"`;
    names.add(name);
  }
  return undefined;
}

/** The text of a kubeconfig's file. */
export function kubeconfigText(config: Kubeconfig): string {
  return stringify(config, { ...format, aliasDuplicateObjects: false });
}
