import { request } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Readiness without what ordinary requests do not need; after this no wrong answer was seen, while an open port
 * is not enough: authorization may know no roles yet.
 */
const path =
  '/readyz?exclude=poststarthook/rbac/bootstrap-roles&exclude=poststarthook/scheduling/bootstrap-system-priority-classes';
const timeoutMs = 3_000;
/** A server cannot go, come back and be asked again within less. */
const validMs = 500;

/**
 * A check to pass before a new connection is used: resolves if the API server said within half a second that
 * it is ready. Those who ask at the same time share one answer.
 * @throws Error if it does not say so now
 */
export function createReadinessGate(
  connect: () => Promise<Socket>,
  options: { host: string; token: string | undefined },
): () => Promise<void> {
  let passedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    const status = await readyStatus(await connect(), options);
    if (status !== 200) throw new Error(`the API server is not ready: ${status}`);
    passedAt = performance.now();
  }

  return async () => {
    if (performance.now() - passedAt < validMs) return;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    await asking;
  };
}

function readyStatus(
  socket: Socket,
  { host, token }: { host: string; token: string | undefined },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const outgoing = request({
    host,
    path,
    timeout: timeoutMs,
    createConnection: () => socket, // TLS already
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  outgoing.once('response', (response) => {
    response.resume();
    response.once('close', () => socket.destroy());
    resolve(response.statusCode ?? 0);
  });
  outgoing.once('timeout', () =>
    outgoing.destroy(new Error(`no answer to /readyz within ${timeoutMs / 1000} s`)),
  );
  outgoing.once('error', reject);
  outgoing.end();
  return promise;
}
