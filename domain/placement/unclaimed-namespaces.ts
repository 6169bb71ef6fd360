import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { labels } from '../../contracts/names.ts';
import type { UnclaimedNamespace } from '../../contracts/resources/cluster.ts';

/** A namespace of a connected cluster that carries an instance's uid. */
export interface ManagedNamespace {
  readonly metadata?: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: Date | string;
  };
  readonly status?: {
    readonly conditions?: readonly { readonly status: string; readonly message?: string }[];
  };
}

/** A namespace that Kubernetes does not get rid of. */
interface StuckNamespace {
  readonly name: string;
  /** What Kubernetes says that it waits for; empty if it says nothing. */
  readonly waitsFor: string;
}

/** Kubernetes takes 5 s for an empty one. */
const stuckAfterMs = 60_000;

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
  return withoutClaim(cluster, namespaces, claims)
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata }) => describe(metadata?.name ?? '', metadata?.labels ?? {}))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Which of `namespaces` belong to no existing instance and should be gone: an instance is deleted as soon as its namespace
 * is empty, and Kubernetes does the rest. @param now in milliseconds since 1970
 */
export function stuckNamespaces(
  cluster: string,
  namespaces: readonly ManagedNamespace[],
  claims: readonly Claim[],
  now: number,
): StuckNamespace[] {
  const since = ({ metadata }: ManagedNamespace) => new Date(metadata?.deletionTimestamp ?? now).getTime();
  return withoutClaim(cluster, namespaces, claims)
    .filter((namespace) => now - since(namespace) > stuckAfterMs)
    .map(({ metadata, status }) => ({
      name: metadata?.name ?? '',
      waitsFor: (status?.conditions ?? [])
        .flatMap((condition) => (condition.status === 'True' ? (condition.message ?? '') : []))
        .join('; '),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function withoutClaim(
  cluster: string,
  namespaces: readonly ManagedNamespace[],
  claims: readonly Claim[],
): readonly ManagedNamespace[] {
  const here = new Set(
    claims.filter((claim) => !claim.cluster || claim.cluster === cluster).map(({ uid }) => uid),
  );
  return namespaces.filter(({ metadata }) => !here.has(metadata?.labels?.[labels.instanceUid] ?? ''));
}

/** How namespaces are, by the uid that they carry: `stays`, or `goes` while it is being deleted. */
export function namespacesByUid(
  namespaces: readonly ManagedNamespace[],
): ReadonlyMap<string | undefined, 'stays' | 'goes'> {
  return new Map(
    namespaces.map(({ metadata }) => [
      metadata?.labels?.[labels.instanceUid],
      metadata?.deletionTimestamp === undefined ? 'stays' : 'goes',
    ]),
  );
}

/**
 * What has become of the namespace of something that is to be in `cluster`, so that nothing of it can run; undefined if it
 * is there, or none is to be.
 * @param present the namespaces there
 */
export function lostNamespace(
  cluster: string,
  present: ReturnType<typeof namespacesByUid>,
  { uid, cluster: where, made, leaves }: Claim & { readonly made: boolean; readonly leaves: boolean },
): 'Missing' | 'Deleting' | undefined {
  if (!made || leaves || where !== cluster) return undefined;
  const state = present.get(uid);
  if (state === undefined) return 'Missing';
  return state === 'goes' ? 'Deleting' : undefined;
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
