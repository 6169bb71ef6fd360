import { errors } from 'undici';

/** More causes within causes than anything has; they may go in a circle. */
const maxDepth = 10;

/**
 * Says why no answer came, for people: `fetch` calls everything "fetch failed", and what refused, with its address, stands at the end of
 * its causes. Nothing of what was sent is in it.
 */
export function connectionFault(error: unknown): string {
  const root = rootOf(error);
  if (!(root instanceof Error)) return String(root);
  if (root instanceof AggregateError && root.errors.length > 0)
    // Each address of a name was tried.
    return [...new Set(root.errors.map(connectionFault))].join(', ');
  if (root.name === 'TimeoutError' || root instanceof errors.HeadersTimeoutError) return 'no answer in time';
  if (root instanceof errors.BodyTimeoutError) return 'the answer stopped half-way';
  if (root instanceof errors.ConnectTimeoutError)
    return root.message.replace(/^Connect Timeout Error/, 'no connection in time');
  if (root instanceof errors.SocketError) return `${root.message}${addressOf(root.socket)}`;
  return tlsFault(root) ?? root.message;
}

function rootOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < maxDepth; depth++) {
    if (!(root instanceof Error) || root.cause === undefined) break;
    root = root.cause;
  }
  return root;
}

function addressOf(socket: errors.SocketError['socket'] | undefined): string {
  const { remoteAddress, remotePort } = socket ?? {};
  return remoteAddress === undefined ? '' : ` (${remoteAddress}:${remotePort})`;
}

/** OpenSSL's messages name source files. */
function tlsFault(error: Error): string | undefined {
  const { code, reason } = error as { readonly code?: unknown; readonly reason?: unknown };
  const isTls = typeof code === 'string' && code.startsWith('ERR_SSL_');
  return isTls ? `TLS: ${typeof reason === 'string' ? reason : code}` : undefined;
}
