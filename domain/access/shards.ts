import { contentHash } from '../content-hash.ts';

/** A part of a set of names that fits into one object. */
export interface Shard<T> {
  /** Empty if there is one part only; else hexadecimal digits, which a name keeps for as long as it has its part. */
  readonly suffix: string;
  readonly entries: readonly T[];
}

/**
 * An API server stores objects of about 1.5 MiB and writes them as a whole. At this many characters a part is parted again: small
 * enough for a change of one name to be a small write, and large enough for most platforms to need one object.
 */
const maxSize = 64 * 1024;
/** What suffixes are made of. */
export const shardDigits = Array.from({ length: 16 }, (_, value) => value.toString(16));

/**
 * `entries` in parts by a hash of their names: one part, or once that is too large 16, each of which is parted again when it
 * is. A name that comes or goes changes one part. Empty parts are left out.
 * @param depth digits that a suffix has at most; the parts may be larger then
 * @param overhead characters that an entry needs besides its name
 */
export function shardsOf<T extends { readonly name: string }>(
  entries: readonly T[],
  { depth, overhead }: { depth: number; overhead: number },
): Shard<T>[] {
  const sizeOf = (part: readonly T[]) => part.reduce((sum, { name }) => sum + name.length + overhead, 0);
  const parted = (part: readonly (readonly [hash: string, entry: T])[], suffix: string): Shard<T>[] => {
    const found = part.map(([, entry]) => entry);
    if (suffix.length >= depth || sizeOf(found) <= maxSize) return [{ suffix, entries: found }];
    const byDigit = Map.groupBy(part, ([hash]) => hash.charAt(suffix.length));
    return shardDigits.flatMap((digit) => {
      const those = byDigit.get(digit);
      return those === undefined ? [] : parted(those, `${suffix}${digit}`);
    });
  };
  if (depth === 0 || sizeOf(entries) <= maxSize) return [{ suffix: '', entries }];
  return parted(
    entries.map((entry) => [contentHash(entry.name), entry] as const),
    '',
  );
}
