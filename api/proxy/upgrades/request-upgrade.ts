import type { IncomingMessage } from 'node:http';
import { isImpersonationDenied } from '../../upstreams/impersonation-denied.ts';
import type { ResolvedUpstream } from '../resolve-upstream.ts';
import { sendUpgrade, type UpgradeAnswer, type UpgradeToSend } from './send-upgrade.ts';
import { ForwardFailure } from '../forward-request.ts';
import { DialError } from '../../upstreams/upstream.ts';

/** An answer that is meant for the caller. */
export type AcceptedAnswer =
  | Extract<UpgradeAnswer, { switched: true }>
  | {
      readonly switched: false;
      readonly response: IncomingMessage;
      /** What was read of the body already; the rest follows in `response`. */
      readonly begun: Buffer;
    };

/** A Status is smaller. */
const heldBytes = 16 * 1024;

/**
 * Asks `destination` to switch protocols. A credential of the gateway's own that is not known there any more is read
 * again once.
 * @throws ForwardFailure if there is no answer for the caller; PlatformError `internal` if the identity check refuses
 */
export async function requestUpgrade(
  destination: ResolvedUpstream,
  options: UpgradeToSend,
): Promise<AcceptedAnswer> {
  const first = await ask(destination, options);
  if (!isUnknownGateway(first)) return accept(first);
  destination.refused();
  const second = await ask(destination, options);
  if (!isUnknownGateway(second)) return accept(second);
  throw new ForwardFailure('credential', false, 0, new Error('401 from the upstream'));
}

async function ask(destination: ResolvedUpstream, options: UpgradeToSend): Promise<UpgradeAnswer> {
  const upstream = await destination.upstream();
  try {
    return await sendUpgrade(upstream, options);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.name === 'PlatformError') throw error;
    throw new ForwardFailure(error instanceof DialError ? 'dial' : 'connection', false, 0, error);
  }
}

/** Impersonated requests are never 401: it is the gateway itself that was not recognised. */
function isUnknownGateway(answer: UpgradeAnswer): boolean {
  if (answer.switched || answer.response.statusCode !== 401) return false;
  answer.response.socket.destroy();
  return true;
}

async function accept(answer: UpgradeAnswer): Promise<AcceptedAnswer> {
  if (answer.switched) return answer;
  const { response } = answer;
  if (response.statusCode !== 403) return { ...answer, begun: Buffer.alloc(0) };
  const begun = await beginningOf(response);
  const text = begun.toString('latin1');
  if (!isImpersonationDenied(403, text)) return { ...answer, begun };
  response.socket.destroy();
  throw new ForwardFailure('refused', false, 0, new Error(text));
}

/** The first 16 KiB of a body, or all of a shorter one. @throws ForwardFailure if it breaks off */
function beginningOf(response: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = () => {
    response.off('data', keep);
    resolve(Buffer.concat(chunks));
  };
  const keep = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < heldBytes) return;
    response.pause();
    stop();
  };
  response.on('data', keep);
  response.once('end', stop);
  response.once('error', (error) => reject(new ForwardFailure('connection', false, 0, error)));
  return promise;
}
