import type { EventEmitter } from 'node:events';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { Socket } from 'node:net';

/*
 * Imported before a gateway's own program: each SIGWINCH has the listeners of another event fail, at all its servers and
 * their connections, and says of which on standard error; after the last one none fails.
 */

/** Events as `connection-failures.test.ts` counts them. */
export const plantedEvents = [
  'server connection',
  'server secureConnection',
  'server tlsClientError',
  'server clientError',
  'server upgrade',
  'server connect',
  'server request',
  'socket end',
  'socket error',
  'socket close',
  'response close',
] as const;

let now = -1;
const known = new WeakSet<EventEmitter>();

function failIn(emitter: EventEmitter, kind: 'server' | 'socket' | 'response'): void {
  if (known.has(emitter)) return;
  known.add(emitter);
  for (const planted of plantedEvents) {
    const [of, event = ''] = planted.split(' ');
    // With a listener these are somebody's to answer: only where they are anyway.
    const taken = ['upgrade', 'connect', 'clientError'].includes(event);
    if (of !== kind || (taken && emitter.listenerCount(event) === 0)) continue;
    emitter.on(event, (...args: unknown[]) => {
      for (const one of args) if (one instanceof Socket) failIn(one, 'socket');
      const [, response] = args;
      if (event === 'request') failIn(response as EventEmitter, 'response');
      if (plantedEvents[now] !== planted) return;
      process.stderr.write(`failed in: ${planted}\n`);
      throw new TypeError(`planted in ${planted}`);
    });
  }
}

for (const { prototype } of [HttpServer, HttpsServer]) {
  const { listen } = prototype;
  prototype.listen = function (this: HttpServer, ...args: unknown[]) {
    failIn(this, 'server');
    return Reflect.apply(listen, this, args);
  };
}

process.on('SIGWINCH', () => {
  now++;
  process.stderr.write(`planted: ${plantedEvents[now] ?? 'nothing'}\n`);
});
