import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { downstreamHeaders } from '../http/response-headers.ts';
import { GatewayShutdown } from '../streams/stream-registry.ts';
import { type WatchFrames, watchFramesOf } from '../streams/watch-frames.ts';
import { type GatewayRefusal, isDoubtful } from '../upstreams/gateway-refusal.ts';
import { checkOutgoingHeaders } from '../upstreams/outgoing-header-check.ts';
import { DialError } from '../upstreams/upstream.ts';

/** One request to be carried through as a stream. */
export interface ForwardedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly dispatcher: Dispatcher;
  /** Path and query, sent byte for byte. */
  readonly path: string;
  /** Flat list of names and values, identity included. */
  readonly headers: readonly string[];
  /** Headers that the gateway adds to the answer. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** What the gateway took off the path; put before a `Location` of the upstream. */
  readonly prefix: string;
  /** The caller is a browser, which would ask its user for a password and send it to us from then on. */
  readonly isBrowser: boolean;
  /** Whether the API server refuses the gateway: asked about an answer that looks so. */
  readonly askRefusal: () => Promise<GatewayRefusal | undefined>;
  /** A watch, which can end between two events; what else is cut off before its end must not look complete. */
  readonly isWatch: boolean;
  /** Time for the answer's head after the request is sent, and between two pieces of its body. 0: no limit. */
  readonly silenceMs: number;
  /** Hears how to end the stream from our side (shutdown, revocation); gives what to call when it is over. */
  readonly opened: (abort: (reason: Error) => void) => () => void;
}

/** Why nothing of an answer reached the client; the caller still has the response to say so. */
export class ForwardFailure extends Error {
  override readonly name = 'ForwardFailure';
  readonly kind: 'dial' | 'connection' | GatewayRefusal;
  /** Whether the request can be sent again: it had no body. */
  readonly repeatable: boolean;
  /** Bytes of the body that the upstream took before it closed the connection. */
  readonly bytesSent: number;

  constructor(kind: ForwardFailure['kind'], repeatable: boolean, bytesSent: number, cause: unknown) {
    super(kind === 'credential' ? 'upstream and credential of the gateway do not fit' : String(cause), {
      cause,
    });
    this.kind = kind;
    this.repeatable = repeatable;
    this.bytesSent = bytesSent;
  }
}

/** Of an answer that is held back. */
const heldBytes = 16 * 1024;

/** What made a request fail that got no answer. A server with new keys has a new credential for the gateway too. */
export function failureKind(error: unknown): 'dial' | 'connection' | 'credential' {
  if (!(error instanceof DialError)) return 'connection';
  return error.isUntrusted ? 'credential' : 'dial';
}

/** Whether a request carries a body. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * Carries a request to the upstream and its answer back, both as streams with back-pressure, nothing held.
 * When either side goes away the other is closed. Resolves when the answer is over, however it ended.
 * @throws ForwardFailure if no answer has begun; PlatformError `internal` if the identity check refuses
 */
export function forwardRequest(options: ForwardedRequest): Promise<void> {
  checkOutgoingHeaders(options.headers);
  const { request, response, dispatcher, path, silenceMs } = options;
  const body = hasBody(request) ? request.pipe(new PassThrough()) : null;
  body?.on('error', () => undefined); // undici ends it when it gives the request up, and says why there too
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const exchange = createExchange(options, body, { resolve, reject });
  const closed = () => exchange.abort(new Error('the client disconnected'));
  response.once('close', closed);
  const over = options.opened((reason) => exchange.abort(reason));
  const settle = () => {
    response.off('close', closed);
    over();
    if (body !== null) request.unpipe(body);
  };
  dispatcher.dispatch(
    {
      path,
      method: request.method as Dispatcher.HttpMethod,
      headers: options.headers as string[],
      body,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
    },
    exchange.handler,
  );
  return promise.finally(settle);
}

interface Settle {
  resolve(): void;
  reject(error: unknown): void;
}

function createExchange(options: ForwardedRequest, body: Readable | null, settle: Settle) {
  const { response } = options;
  let controller: Dispatcher.DispatchController | undefined;
  let aborted: Error | undefined;
  let bytesSent = 0;
  /** Begins an answer that is held back: until it is known whether the API server meant the gateway by it. */
  let begin: (() => void) | undefined;
  const held: Buffer[] = [];
  let isWhole = false;
  let isOver = false;
  let isHeadAlone = false;
  const resume = () => controller?.resume();
  const flushHead = () => {
    if (isHeadAlone && !response.destroyed) response.flushHeaders();
  };
  const failure = (kind: ForwardFailure['kind'], cause: unknown) =>
    new ForwardFailure(kind, body === null, bytesSent, cause);
  const ending = createGracefulEnd(response, () => controller?.abort(new Error('ended between events')));

  function send(chunk: Buffer): void {
    isHeadAlone = false;
    const isFull = !response.write(ending.take(chunk));
    ending.look();
    if (!isFull) return;
    controller?.pause();
    response.once('drain', resume);
  }

  function end(): void {
    isHeadAlone = false;
    response.end();
    settle.resolve();
  }

  function refused(cause: unknown, kind: ForwardFailure['kind'] = 'connection'): void {
    settle.reject(failure(kind, cause));
    controller?.abort(new Error('the answer was not for the caller'));
  }

  function decided(kind: GatewayRefusal | undefined): void {
    if (isOver) return;
    if (aborted !== undefined) {
      response.destroy();
      settle.resolve();
      return;
    }
    if (kind !== undefined) {
      refused(new Error('the API server refuses the gateway'), kind);
      return;
    }
    begin?.();
    for (const chunk of held) send(chunk);
    if (isWhole) end();
    else resume();
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      if (aborted !== undefined) started.abort(aborted);
    },
    onBodySent(chunk) {
      bytesSent += chunk.length;
    },
    onResponseStart(_controller, statusCode, headers, statusMessage = '') {
      if (statusCode < 200) return;
      const answer = { ...downstreamHeaders(headers, options.prefix), ...options.answerHeaders };
      if (options.isBrowser) delete answer['www-authenticate'];
      begin = () => {
        begin = undefined;
        response.writeHead(statusCode, statusMessage, answer);
        // What came together leaves together: one TLS record and one system call for a small answer.
        isHeadAlone = true;
        process.nextTick(flushHead);
      };
      if (isDoubtful(statusCode, headers)) options.askRefusal().then(decided, refused);
      else begin();
      if (options.isWatch && statusCode === 200)
        ending.begin(watchFramesOf(String(headers['content-type'] ?? '')));
    },
    onResponseData(started, chunk) {
      if (begin === undefined) send(chunk);
      else if (held.push(chunk) && held.reduce((bytes, { length }) => bytes + length, 0) >= heldBytes)
        started.pause();
    },
    onResponseEnd() {
      isWhole = true;
      if (begin === undefined) end();
    },
    onResponseError(_controller, error) {
      isOver = true;
      if (response.headersSent) {
        if (!ending.isOver) response.destroy(); // an aborted answer must not look like a complete one
        settle.resolve();
      } else if (aborted !== undefined) {
        response.destroy(); // no other handler would respond
        settle.resolve();
      } else if (error instanceof ForwardFailure) settle.reject(error);
      else settle.reject(failure(failureKind(error), error));
    },
  };

  return {
    handler,
    abort(reason: Error) {
      if (response.writableFinished) return;
      if (reason instanceof GatewayShutdown) {
        ending.stop();
        return; // what cannot end whole goes on for as long as there is time
      }
      aborted = reason;
      if (controller === undefined) {
        response.destroy(); // still waiting for a connection: aborted as soon as it starts
        settle.resolve();
        return;
      }
      controller.abort(reason);
    },
  };
}

/** Ends a watch between two events after `stop`, as an API server that stops does. */
function createGracefulEnd(response: ServerResponse, abort: () => void) {
  let frames: WatchFrames | undefined;
  let stopping = false;
  let isOver = false;
  const look = () => {
    if (!stopping || isOver || frames?.between !== true) return;
    isOver = true;
    response.end();
    abort();
  };
  return {
    begin(found: WatchFrames | undefined) {
      frames = found;
      // Undici is in the middle of its parser here, and cannot abort.
      if (stopping) setImmediate(look);
    },
    /** What of `chunk` still belongs to the answer. */
    take: (chunk: Buffer) => (frames === undefined ? chunk : chunk.subarray(0, frames.take(chunk, stopping))),
    look,
    stop() {
      stopping = true;
      look();
    },
    get isOver() {
      return isOver;
    },
  };
}
