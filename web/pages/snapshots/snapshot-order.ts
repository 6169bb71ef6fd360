import type { Snapshot } from '../../../contracts/operations.ts';

const keys: Readonly<Record<string, (snapshot: Snapshot) => string | number>> = {
  name: ({ name }) => name,
  tenantCluster: ({ tenantCluster }) => tenantCluster,
  project: ({ project }) => project,
  size: ({ sizeBytes = -1 }) => sizeBytes,
  createdAt: ({ createdAt }) => Date.parse(createdAt),
};

/** @param sort name of a column, `-` in front for the last first; another text: the newest first */
export function sorted(snapshots: readonly Snapshot[], sort: string): Snapshot[] {
  const isDown = sort.startsWith('-');
  const field = isDown ? sort.slice(1) : sort;
  const keyOf = keys[field];
  if (keyOf === undefined) return sorted(snapshots, '-createdAt');
  const compare = (a: string | number, b: string | number) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
  return snapshots.toSorted((a, b) => compare(keyOf(a), keyOf(b)) * (isDown ? -1 : 1));
}

export function matching(
  snapshots: readonly Snapshot[],
  { search, state }: { readonly search: string; readonly state: string | undefined },
): Snapshot[] {
  const wanted = search.trim().toLowerCase();
  return snapshots.filter(
    (snapshot) =>
      (state === undefined || snapshot.state === state) &&
      `${snapshot.name}\n${snapshot.tenantCluster}`.toLowerCase().includes(wanted),
  );
}
