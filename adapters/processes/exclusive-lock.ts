import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { isErrno } from './identity.ts';

/**
 * Takes the lock `name` of this machine, or undefined if another process holds it. It is a listening socket
 * without a file (Linux's abstract namespace): the kernel frees it when the process dies, however it dies, so
 * there is never a stale one to judge.
 * @returns releases it
 */
export async function takeLock(name: string): Promise<(() => void) | undefined> {
  const address = `\0vcluster-platform-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const server = createServer((socket) => socket.destroy());
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once('listening', () => resolve(true));
    server.once('error', (error) => {
      if (isErrno(error, 'EADDRINUSE')) resolve(false);
      else reject(error);
    });
    server.listen(address);
  });
  if (!taken) return undefined;
  server.unref();
  return () => {
    server.close();
  };
}
