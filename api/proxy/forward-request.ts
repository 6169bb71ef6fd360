import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import { PlatformError } from '../../contracts/errors.ts';
import { hasBody } from '../http/has-body.ts';
import { downstreamHeaders } from '../http/response-headers.ts';
import { GracefulEnd } from '../streams/graceful-end.ts';
import { GatewayShutdown } from '../streams/stream-registry.ts';
import { type WatchFrames, watchFramesOf } from '../streams/watch-frames.ts';
import { type GatewayRefusal, isDoubtful } from '../upstreams/gateway-refusal.ts';
import { checkOutgoingHeaders } from '../upstreams/outgoing-header-check.ts';
import type { CarriedOptions, Carriage } from '../upstreams/upstream-connections.ts';
import { failureKind, ForwardFailure } from './forward-failure.ts';

/** One request to be carried through as a stream. */
export interface ForwardedRequest {
  readonly request: IncomingMessage;
  /** What of the request was read already: its body, all of it. */
  readonly body?: Buffer | undefined;
  readonly response: ServerResponse;
  readonly dispatcher: Dispatcher;
  /** Path and query, sent byte for byte. */
  readonly path: string;
  /** Flat list of names and values, identity included. */
  readonly headers: readonly string[];
  /** Headers that the gateway adds to the answer, or puts in the place of others. */
  readonly answerHeaders: readonly (readonly [name: string, value: string])[];
  /** What the gateway took off the path; put before a `Location` of the upstream. */
  readonly prefix: string;
  /** The caller is a browser, which would ask its user for a password and send it to us from then on. */
  readonly isBrowser: boolean;
  /** Whether the API server refuses the gateway: asked about an answer that looks so. */
  readonly askRefusal: () => Promise<GatewayRefusal | undefined>;
  /** What the path asks for. A watch can end between two events; what else is cut off before its end must not look complete. */
  readonly carriage: Carriage;
  /** Time for the answer's head after the request is sent, and between two pieces of its body. 0: no limit. */
  readonly silenceMs: number;
  /** Hears how to end the stream from our side (shutdown, revocation); gives what to call when it is over. */
  readonly opened: (abort: (reason: Error) => void) => () => void;
}

type AnswerHeaders = Record<string, string | string[] | undefined>;

/** Of an answer that is held back. */
const heldBytes = 16 * 1024;

/**
 * Carries a request to the upstream and its answer back, both as streams with back-pressure, nothing held.
 * When either side goes away the other is closed. Resolves when the answer is over, however it ended.
 * @throws ForwardFailure if no answer has begun; PlatformError: what the caller is told who may not wait any longer, or `internal` if the
 *   identity check refuses or the answer cannot be changed as it should
 */
export function forwardRequest(options: ForwardedRequest): Promise<void> {
  checkOutgoingHeaders(options.headers);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  new Exchange(options, resolve, reject).send();
  return promise;
}

function bodyOf({ request, body }: ForwardedRequest): PassThrough | null {
  if (body === undefined) return hasBody(request) ? request.pipe(new PassThrough()) : null;
  return new PassThrough().end(body);
}

/** A request and its answer on their way. A class: every request has one, and methods cost it nothing. */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly options: ForwardedRequest;
  private readonly response: ServerResponse;
  private readonly body: PassThrough | null;
  private readonly resolved: () => void;
  private readonly rejected: (error: unknown) => void;
  private over: () => void = () => undefined;
  private controller: Dispatcher.DispatchController | undefined;
  private aborted: Error | undefined;
  private bytesSent = 0;
  /** An answer of which it is not known yet whether the API server meant the gateway by it. */
  private held: HeldAnswer | undefined;
  private ending: GracefulEnd | undefined;
  private isStopping = false;
  private isFailed = false;
  private isSettled = false;
  private isHeadAlone = false;
  /** Bytes of the body that are still to come; negative: not known. */
  private left = -1;
  /** The end of the body: it goes out with the end of the answer. */
  private last: Buffer | undefined;

  constructor(options: ForwardedRequest, resolve: () => void, reject: (error: unknown) => void) {
    this.options = options;
    this.response = options.response;
    this.body = bodyOf(options);
    this.body?.on('error', () => undefined); // undici ends it when it gives the request up, and says why there too
    this.resolved = resolve;
    this.rejected = reject;
  }

  send(): void {
    const { request, dispatcher, path, silenceMs, headers, carriage } = this.options;
    this.response.on('close', () => {
      if (!this.isSettled) this.abort(new Error('the client disconnected'));
    });
    this.over = this.options.opened((reason) => this.abort(reason));
    const options: CarriedOptions = {
      path,
      method: request.method as Dispatcher.HttpMethod,
      headers: headers as string[],
      body: this.body,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      carriage,
    };
    dispatcher.dispatch(options, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.aborted !== undefined) controller.abort(this.aborted);
  }

  onBodySent(chunk: Buffer): void {
    this.bytesSent += chunk.length;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: AnswerHeaders,
    statusMessage = '',
  ): void {
    if (statusCode < 200) return;
    const { prefix, isBrowser, answerHeaders, request, carriage } = this.options;
    const answer = downstreamHeaders(headers, prefix);
    for (const [name, value] of answerHeaders) answer[name] = value;
    if (isBrowser) delete answer['www-authenticate'];
    const begin = () => this.begin(statusCode, statusMessage, answer);
    if (isDoubtful(statusCode, headers)) this.hold(begin);
    else begin();
    if (carriage.isWatch && statusCode === 200)
      this.watches(watchFramesOf(String(headers['content-type'] ?? '')));
    else if (request.method !== 'HEAD') this.left = Number(headers['content-length'] ?? -1);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.held === undefined) this.write(chunk);
    else if (this.held.add(chunk) >= heldBytes) controller.pause();
  }

  onResponseEnd(): void {
    if (this.held === undefined) this.end();
    else this.held.isWhole = true;
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { response } = this;
    this.isFailed = true;
    if (this.isSettled) return; // the answer is another's by now
    if (response.headersSent) {
      if (this.ending?.isOver !== true) response.destroy(); // an aborted answer must not look like a complete one
      this.resolve();
    } else if (this.aborted !== undefined) this.endUnanswered(this.aborted);
    else if (error instanceof ForwardFailure || error instanceof PlatformError) this.reject(error);
    else this.reject(this.failure(failureKind(error), error));
  }

  private begin(statusCode: number, statusMessage: string, answer: OutgoingHttpHeaders): void {
    this.response.writeHead(statusCode, statusMessage, answer);
    // What came together leaves together: one TLS record and one system call for a small answer.
    this.isHeadAlone = true;
    process.nextTick(flushHead, this);
  }

  flushHead(): void {
    if (this.isHeadAlone && !this.response.destroyed) this.response.flushHeaders();
  }

  private hold(begin: () => void): void {
    this.held = new HeldAnswer(begin);
    this.options.askRefusal().then(
      (kind) => this.decided(kind),
      (error: unknown) => this.refused(error),
    );
  }

  private decided(kind: GatewayRefusal | undefined): void {
    const { held } = this;
    if (this.isFailed || held === undefined) return;
    if (this.aborted !== undefined) return this.endUnanswered(this.aborted);
    if (kind !== undefined) {
      this.refused(new Error('the API server refuses the gateway'), kind);
      return;
    }
    this.held = undefined;
    held.begin();
    for (const chunk of held.chunks) this.write(chunk);
    if (held.isWhole) this.end();
    else this.controller?.resume();
  }

  private refused(cause: unknown, kind: ForwardFailure['kind'] = 'connection'): void {
    this.reject(this.failure(kind, cause));
    this.controller?.abort(new Error('the answer was not for the caller'));
  }

  private watches(frames: WatchFrames | undefined): void {
    const abort = () => this.controller?.abort(new Error('ended between events'));
    this.ending = new GracefulEnd({ response: this.response, frames, abort, isStopping: this.isStopping });
  }

  private write(chunk: Buffer): void {
    this.left -= chunk.length;
    if (this.left === 0) {
      this.last = chunk;
      return;
    }
    this.isHeadAlone = false;
    const { ending, response } = this;
    const isFull = !response.write(ending === undefined ? chunk : ending.take(chunk));
    ending?.look();
    if (!isFull) return;
    this.controller?.pause();
    response.once('drain', () => this.controller?.resume());
  }

  private end(): void {
    this.isHeadAlone = false;
    this.response.end(this.last);
    this.resolve();
  }

  /** From our side: the client is gone, its rights are, or the gateway stops. */
  private abort(reason: Error): void {
    const { response, controller } = this;
    if (response.writableFinished) return;
    if (reason instanceof GatewayShutdown) {
      this.isStopping = true;
      this.ending?.stop();
      return; // what cannot end whole goes on for as long as there is time
    }
    this.aborted = reason;
    if (controller === undefined) {
      this.endUnanswered(reason); // still waiting for a connection: aborted as soon as it starts
      return;
    }
    controller.abort(reason);
  }

  /** Who has lost their rights is told so; else there is nobody to answer. */
  private endUnanswered(reason: Error): void {
    if (reason instanceof PlatformError) return this.reject(reason);
    this.response.destroy(); // no other handler would respond
    this.resolve();
  }

  private failure(kind: ForwardFailure['kind'], cause: unknown): ForwardFailure {
    return new ForwardFailure(kind, this.body === null, this.bytesSent, cause);
  }

  private resolve(): void {
    this.settle();
    this.resolved();
  }

  private reject(error: unknown): void {
    this.settle();
    this.rejected(error);
  }

  private settle(): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.over();
    if (this.body !== null) this.options.request.unpipe(this.body);
  }
}

function flushHead(exchange: Exchange): void {
  exchange.flushHead();
}

/** An answer that may yet be none: its head and the beginning of its body. */
class HeldAnswer {
  readonly begin: () => void;
  readonly chunks: Buffer[] = [];
  isWhole = false;
  private bytes = 0;

  constructor(begin: () => void) {
    this.begin = begin;
  }

  /** Gives how many bytes there are. */
  add(chunk: Buffer): number {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    return this.bytes;
  }
}
