import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import { managementApiVersion, storageApiVersion } from '../../contracts/names.ts';

const apis = '/kubernetes/management/apis/';
const alias = `${apis}${storageApiVersion}/`;
const target = `${apis}${managementApiVersion}/`;

/** Bodies that an API server would refuse as too large anyway pass as they are. */
const maxBodyBytes = 3 * 1024 * 1024;

/** The URL of the resource that is meant: one of `storage.loft.sh/v1` is the same as of `management.loft.sh/v1`. */
export function withoutStorageAlias(url: string): string {
  return url.startsWith(alias) ? target + url.slice(alias.length) : url;
}

/**
 * Lets a request say `storage.loft.sh/v1` and its answer too, wherever an `apiVersion` stands, so that clients get back the kind
 * that they asked for. For everything between, the request is one for `management.loft.sh/v1`. Call it before either is used.
 */
export function speakStorage(request: IncomingMessage, response: ServerResponse): void {
  changeBody(request);
  changeAnswer(response);
}

/** The version as a whole string in JSON: within a text its quotes are escaped. */
const quoted = (version: string) => `"${version}"`;
const inYaml = new RegExp(
  `^(apiVersion:\\s*)['"]?${storageApiVersion.replaceAll('.', '\\.')}['"]?\\s*$`,
  'gm',
);

function asManagement(body: Buffer): Buffer {
  const text = body.toString('utf8');
  const changed = text
    .replaceAll(quoted(storageApiVersion), quoted(managementApiVersion))
    .replace(inYaml, `$1${managementApiVersion}`);
  return changed === text ? body : Buffer.from(changed);
}

/** Holds the body back until it is whole: its length changes. */
function changeBody(request: IncomingMessage): void {
  if (request.headers['content-length'] !== undefined) {
    removeHeader(request, 'content-length');
    request.headers['transfer-encoding'] = 'chunked';
    request.rawHeaders.push('Transfer-Encoding', 'chunked');
  }
  // What is packed could not be changed.
  removeHeader(request, 'accept-encoding');
  const push = request.push.bind(request);
  const held: Buffer[] = [];
  let bytes = 0;
  let passes = false;
  request.push = (chunk: Buffer | null) => {
    if (passes) return push(chunk);
    if (chunk !== null) {
      held.push(chunk);
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) return true;
      passes = true;
      return push(Buffer.concat(held));
    }
    passes = true;
    if (bytes > 0) push(asManagement(Buffer.concat(held)));
    return push(null);
  };
}

function removeHeader({ headers, rawHeaders }: IncomingMessage, name: string): void {
  delete headers[name];
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2)
    if (rawHeaders[index]?.toLowerCase() === name) rawHeaders.splice(index, 2);
}

function changeAnswer(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  let versions: VersionsInJson | undefined;
  response.writeHead = ((status: number, ...rest: unknown[]) => {
    const given = rest.at(-1);
    const headers = { ...(typeof given === 'object' ? (given as Record<string, OutgoingHttpHeader>) : {}) };
    const named = Object.keys(headers).find((name) => name.toLowerCase() === 'content-type');
    const type = named === undefined ? response.getHeader('content-type') : headers[named];
    if (/^application\/json\b/.test(String(type))) {
      versions = new VersionsInJson();
      response.removeHeader('content-length');
      for (const name of Object.keys(headers))
        if (name.toLowerCase() === 'content-length') delete headers[name];
    }
    const message = typeof rest[0] === 'string' ? [rest[0]] : [];
    return writeHead(status, ...message, headers);
  }) as ServerResponse['writeHead'];
  const changed = (chunk: unknown, isLast: boolean) => {
    if (!response.headersSent) response.writeHead(response.statusCode);
    if (versions === undefined) return chunk;
    const bytes =
      typeof chunk === 'string' || chunk instanceof Uint8Array
        ? Buffer.from(chunk as string)
        : Buffer.alloc(0);
    return versions.take(bytes, isLast);
  };
  response.write = ((chunk: unknown, ...rest: unknown[]) =>
    write(changed(chunk, false), ...rest)) as ServerResponse['write'];
  response.end = ((...args: unknown[]) => {
    const [chunk, ...rest] = typeof args[0] === 'function' ? [undefined, ...args] : args;
    return end(changed(chunk, true), ...rest);
  }) as ServerResponse['end'];
}

const stored = Buffer.from(quoted(managementApiVersion));
const shown = Buffer.from(quoted(storageApiVersion));

/** Puts one version in the place of the other in a body that comes in pieces; nothing is held back but the beginning of one. */
class VersionsInJson {
  private rest: Buffer = Buffer.alloc(0);

  take(chunk: Buffer, isLast: boolean): Buffer {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(stored); at !== -1; at = bytes.indexOf(stored, from)) {
      parts.push(bytes.subarray(from, at), shown);
      from = at + stored.length;
    }
    const keep = isLast ? 0 : begunAtEnd(bytes.subarray(from));
    this.rest = bytes.subarray(bytes.length - keep);
    parts.push(bytes.subarray(from, bytes.length - keep));
    return Buffer.concat(parts);
  }
}

/** How many of the last bytes may be the beginning of a version. */
function begunAtEnd(bytes: Buffer): number {
  for (let length = Math.min(stored.length - 1, bytes.length); length > 0; length--)
    if (bytes.subarray(bytes.length - length).equals(stored.subarray(0, length))) return length;
  return 0;
}
