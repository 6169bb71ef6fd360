import type { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import { requestContext } from './request-context.ts';

/**
 * Has every event of the server's connections heard in the connection's own context: a listener that fails there, Node's and
 * Fastify's included, ends that connection as one that fails in a request does, and not the process. Before it listens.
 */
export function inConnectionContexts(server: Server): void {
  hearIn(server, (event, args) => {
    // Each request has a context of its own; Node's parser, made in one of these, leads to it.
    const socket = event === 'request' ? undefined : args.find((one) => one instanceof Socket);
    if (socket === undefined) return undefined;
    const context = { cut: () => socket.destroy() };
    // The second is TLS around the first.
    if (event === 'connection' || event === 'secureConnection') hearIn(socket, () => context);
    return context;
  });
}

type Context = { cut(): void };

function hearIn(
  emitter: EventEmitter,
  contextOf: (event: string | symbol, args: unknown[]) => Context | undefined,
): void {
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (event: string | symbol, ...args: unknown[]) => {
    const context = contextOf(event, args);
    return context === undefined
      ? emit(event, ...args)
      : requestContext.run(context, hear, emit, event, args);
  };
}

/** A failure that leaves the context would belong to no request: it is thrown once more where it belongs, a moment later. */
function hear(emit: EventEmitter['emit'], event: string | symbol, args: unknown[]): boolean {
  try {
    return emit(event, ...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
    return true;
  }
}
