/** A folder or file that a container sees at `containerPath` and the host has at `hostPath`. */
export interface PathMapping {
  readonly containerPath: string;
  readonly hostPath: string;
}

/**
 * A function that replaces container paths by host paths wherever they stand as a path of their own: at the
 * start, after white space, quotes or one of `= , : ; ( [ { < > | & @ !`, or after `unix://` and `file://`; and
 * up to a `/` or the end of the name (`/data` does not touch `/database` or `/srv/data`). The longest path wins,
 * and nothing is replaced twice. Paths that are written inside files are not seen.
 */
export function createPathRewriter(mappings: readonly PathMapping[]): (text: string) => string {
  const hostPaths = new Map(
    mappings.map(({ containerPath, hostPath }) => [normalise(containerPath), normalise(hostPath)]),
  );
  if (hostPaths.size === 0) return (text) => text;
  const alternatives = [...hostPaths.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const before = '(?<=^|[\\s=,:;"\'`(\\[{<>|&@!]|\\b(?:unixs?|file)://)';
  const pattern = new RegExp(`${before}(?:${alternatives.join('|')})(?=/|$|[^\\w.~%+@-])`, 'g');
  return (text) => text.replace(pattern, (path) => hostPaths.get(path) ?? path);
}

function normalise(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}
