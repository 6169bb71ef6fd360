import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { readyPath } from '../../adapters/kubernetes/readiness-path.ts';

const timeoutMs = 3_000;
/** A server cannot go, come back and be asked again within less. */
const validMs = 500;
/** How long one that said nothing is not asked again: a client that tries again would wait as long once more. */
const silentMs = 2_000;
/** How long one that starts is asked again, on the same connection: a refused client dials again, which costs more. */
const patienceMs = 400;
const askAgainMs = 25;

/** It answers, and says that it is not ready. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

/**
 * A check to pass before a new connection is used: resolves if the API server said within half a second that
 * it is ready, or says so within the next 0.4 s. Those who ask at the same time, or soon after it said nothing, share
 * one answer.
 * @throws NotReadyError; Error if it says nothing
 */
export function createReadinessGate(
  connect: () => Promise<Socket>,
  options: { host: string; token: string | undefined },
): () => Promise<void> {
  let passedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  let silent: { readonly error: unknown; readonly until: number } | undefined;

  async function ask(): Promise<void> {
    const socket = await connect(); // TLS already
    const agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), {
      createConnection: () => socket,
    });
    const giveUpAt = performance.now() + patienceMs;
    try {
      for (;;) {
        const status = await readyStatus(agent, options);
        // One that does not know the gateway says the same to the request itself, and then the credential is read again.
        if (status === 200 || status === 401) break;
        if (performance.now() > giveUpAt) throw new NotReadyError(`the API server is not ready: ${status}`);
        await delay(askAgainMs);
        if (socket.destroyed) throw new Error('the API server closed the connection');
      }
    } finally {
      agent.destroy();
      socket.destroy();
    }
    passedAt = performance.now();
  }

  async function askTimed(): Promise<void> {
    const askedAt = performance.now();
    try {
      await ask();
    } catch (error) {
      const now = performance.now();
      if (now - askedAt >= timeoutMs) silent = { error, until: now + silentMs };
      throw error;
    }
  }

  return async () => {
    const now = performance.now();
    if (now - passedAt < validMs) return;
    if (silent !== undefined && now < silent.until) throw silent.error;
    asking ??= askTimed().finally(() => {
      asking = undefined;
    });
    await asking;
  };
}

function readyStatus(
  agent: Agent,
  { host, token }: { host: string; token: string | undefined },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const outgoing = request({
    host,
    path: readyPath,
    agent,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  outgoing.once('response', (response) => {
    response.resume();
    response.once('end', () => resolve(response.statusCode ?? 0));
    response.once('error', reject);
  });
  outgoing.once('error', reject);
  outgoing.end();
  // A timer of our own: of a socket that is gone already http hears nothing, neither its timeout nor its end.
  const timer = setTimeout(() => {
    reject(new Error(`no answer to /readyz within ${timeoutMs / 1000} s`));
    outgoing.destroy();
  }, timeoutMs);
  return promise.finally(() => clearTimeout(timer));
}
