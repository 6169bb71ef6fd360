import { PlatformError } from '../../contracts/errors.ts';
import { kindOfSegment, kindNames, managedKinds, type OperationTarget } from '../../contracts/kinds.ts';

/** Which Kubernetes API a request path means, and the rest of it as it will be sent there. */
export type KubernetesTarget = ManagementTarget | ClusterTarget | InstanceTarget;

export interface ManagementTarget {
  readonly kind: 'management';
  /** What the gateway took off the path, without a trailing slash. */
  readonly prefix: string;
  /** Path and query for the upstream, byte for byte as the client sent them. */
  readonly upstreamPath: string;
}

export interface ClusterTarget {
  readonly kind: 'cluster';
  readonly prefix: string;
  readonly upstreamPath: string;
  /** Name of the connected cluster. */
  readonly name: string;
}

/** An instance of a managed kind. */
export interface InstanceTarget extends OperationTarget {
  readonly prefix: string;
  readonly upstreamPath: string;
}

const clusterPrefix = /^\/kubernetes\/cluster\/([^/]+)(\/.*)?$/;
const projectPrefix = /^\/kubernetes\/project\/([^/]+)\/([^/]+)\/([^/]+)(\/.*)?$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * The target of a request under `/kubernetes/`. The path is read once, here, and what two parsers could read
 * differently is refused, so that the path that was authorised is the path that is forwarded.
 * @param rawUrl request target as it stood on the request line
 * @throws PlatformError `invalid_request` for an ambiguous path, `not_found` for one the gateway does not know
 */
export function parseKubernetesPath(rawUrl: string): KubernetesTarget {
  const queryStart = rawUrl.indexOf('?');
  const path = queryStart < 0 ? rawUrl : rawUrl.slice(0, queryStart);
  const query = queryStart < 0 ? '' : rawUrl.slice(queryStart);
  checkPath(path);
  checkQuery(query);
  if (path === '/kubernetes/management' || path.startsWith('/kubernetes/management/')) {
    const prefix = '/kubernetes/management';
    return { kind: 'management', prefix, upstreamPath: (path.slice(prefix.length) || '/') + query };
  }
  return clusterTarget(path, query) ?? projectTarget(path, query) ?? unknownPath();
}

function clusterTarget(path: string, query: string): ClusterTarget | undefined {
  const match = clusterPrefix.exec(path);
  if (match === null) return undefined;
  const [, name = '', rest = '/'] = match;
  if (!dnsLabel.test(name)) {
    throw new PlatformError(
      'invalid_request',
      'the name of the connected cluster in the path must be a DNS label',
    );
  }
  return { kind: 'cluster', prefix: `/kubernetes/cluster/${name}`, upstreamPath: rest + query, name };
}

function projectTarget(path: string, query: string): InstanceTarget | undefined {
  const match = projectPrefix.exec(path);
  if (match === null) return undefined;
  const [, project = '', segment = '', name = '', rest = '/'] = match;
  const kind = kindOfSegment(segment);
  if (kind === undefined) return undefined;
  if (!dnsLabel.test(project) || !dnsLabel.test(name)) {
    throw new PlatformError(
      'invalid_request',
      'the names of project and of tenant cluster or space in the path must be DNS labels',
    );
  }
  return {
    kind,
    prefix: `/kubernetes/project/${project}/${segment}/${name}`,
    upstreamPath: rest + query,
    project,
    name,
  };
}

function unknownPath(): never {
  throw new PlatformError(
    'not_found',
    `unknown path: use /kubernetes/management/…, /kubernetes/cluster/<name>/… or ${managedKinds.map((kind) => `/kubernetes/project/<project>/${kindNames[kind].segment}/<name>/…`).join(' or ')}`,
  );
}

function checkPath(path: string): void {
  if (!path.startsWith('/')) refuse('the request target must be a path');
  if (!/^[\x21-\x7e]*$/.test(path)) refuse('the path holds characters that must be percent-encoded');
  if (/[\\#"<>^`{|}]/.test(path))
    refuse('the path holds a backslash or another character that must be percent-encoded');
  if (path.includes('//')) refuse('the path holds an empty segment ("//")');
  if (/\/\.{1,2}(\/|$)/.test(path)) refuse('the path holds a dot segment');
  if (/\/\.{1,2};/.test(path)) refuse('the path holds a dot segment with a parameter');
  checkEscapes(path);
}

/**
 * Escapes must be well-formed UTF-8 of something that needs escaping: `%2f`, `%2e`, `%5c`, `%25`, `%00` and
 * escaped letters mean different paths to different parsers.
 */
function checkEscapes(path: string): void {
  if (!path.includes('%')) return;
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) refuse('the path holds a malformed percent-encoding');
  for (const [escape] of path.matchAll(/%[0-9A-Fa-f]{2}/g)) {
    const byte = Number.parseInt(escape.slice(1), 16);
    if (byte <= 0x1f || byte === 0x7f) refuse('the path holds an encoded control character');
    if (byte === 0x25) refuse('the path is percent-encoded twice');
    if (byte === 0x2f || byte === 0x5c) refuse('the path holds an encoded slash or backslash');
    if (byte < 0x80 && /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte))) {
      refuse('the path holds an encoded dot, letter or digit: send it plainly');
    }
  }
  try {
    decodeURIComponent(path);
  } catch {
    refuse('the percent-encoding in the path is not valid UTF-8'); // URIError: overlong or broken sequence
  }
}

function checkQuery(query: string): void {
  if (!/^[\x21-\x7e]*$/.test(query) || query.includes('#')) {
    refuse('the query holds characters that must be percent-encoded');
  }
}

function refuse(reason: string): never {
  throw new PlatformError(
    'invalid_request',
    `${reason}; the request was refused because it could be read in two ways`,
  );
}
