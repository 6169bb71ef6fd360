import { kindNames, managedKinds } from '../contracts/kinds.ts';
import { labels } from '../contracts/names.ts';
import type { UnclaimedNamespace } from '../contracts/resources/cluster.ts';

/** A namespace of a connected cluster that carries an instance's uid. */
export interface ManagedNamespace {
  readonly metadata?: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: unknown;
  };
}

/** What a namespace may belong to. */
export interface Claim {
  readonly uid: string | undefined;
  /** Connected cluster where it is, if one was chosen. */
  readonly cluster: string | undefined;
}

/**
 * Which of `namespaces` of connected cluster `cluster` belong to no existing instance: their uid is unknown, or that of
 * a tenant cluster or space on another cluster. Namespaces that are going are left out.
 */
export function unclaimedNamespaces(
  cluster: string,
  namespaces: readonly ManagedNamespace[],
  claims: readonly Claim[],
): UnclaimedNamespace[] {
  const here = new Set(
    claims.filter((claim) => !claim.cluster || claim.cluster === cluster).map(({ uid }) => uid),
  );
  return namespaces
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .filter(({ metadata }) => !here.has(metadata?.labels?.[labels.instanceUid] ?? ''))
    .map(({ metadata }) => describe(metadata?.name ?? '', metadata?.labels ?? {}))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The uids that namespaces carry. */
export function uidsOf(namespaces: readonly ManagedNamespace[]): ReadonlySet<string | undefined> {
  return new Set(namespaces.map(({ metadata }) => metadata?.labels?.[labels.instanceUid]));
}

/**
 * Whether something is to be in `cluster` and has no namespace there, so that nothing of it can run.
 * @param present uids of the namespaces there
 */
export function lacksNamespace(
  cluster: string,
  present: ReadonlySet<string | undefined>,
  { uid, cluster: where, made, leaves }: Claim & { readonly made: boolean; readonly leaves: boolean },
): boolean {
  return made && !leaves && where === cluster && !present.has(uid);
}

function describe(name: string, given: Readonly<Record<string, string>>): UnclaimedNamespace {
  // Namespaces of kinds that came later are recognised by their label; one without any is a tenant cluster's.
  const kind = managedKinds.findLast((one) => given[kindNames[one].label] !== undefined) ?? 'tenant';
  const subject = given[kindNames[kind].label];
  const project = given[labels.project];
  const uid = given[labels.instanceUid];
  return {
    name,
    kind,
    ...(project === undefined ? {} : { project }),
    ...(subject === undefined ? {} : { subject }),
    ...(uid === undefined ? {} : { uid }),
  };
}
