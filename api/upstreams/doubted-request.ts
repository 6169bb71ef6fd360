import type { Dispatcher } from 'undici';
import { requestContext } from '../http/request-context.ts';

export interface DoubtedRequest {
  readonly options: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
  readonly first: Dispatcher;
  /** Where it is sent once more when its answer is long in coming from an upstream that answers others; absent: never. */
  readonly again?: Dispatcher | undefined;
  /** Rejects if the upstream does not answer: that ends the request. */
  readonly isAlive: () => Promise<void>;
  /** The second attempt was answered, and the first one not. */
  readonly overtaken: () => void;
}

/**
 * Sends a request. While its answer's head is not there, the upstream is asked every 5 s whether it answers anybody; if
 * not, the request fails. If so, either the request takes its time or its connection leads nowhere any more, and nobody
 * can tell which: a plain read is then sent once more on a connection of its own, and the first one goes on. Whichever
 * is answered first is the answer, so that what is slow is as slow as before and fails no more than before.
 */
export function dispatchDoubted(request: DoubtedRequest): boolean {
  const exchange = new DoubtedExchange(request);
  return request.first.dispatch(request.options, exchange.leader);
}

const notNeeded = new Error('another attempt was answered');

/** A class, and one for attempts: every request passes here, and methods cost it nothing. */
class DoubtedExchange {
  /** The attempt whose controller the request's handler holds. */
  leader: Attempt;
  private readonly request: DoubtedRequest;
  private readonly original: Attempt;
  /** The two attempts, or the one that is left. */
  private readonly underWay: Attempt[];
  private readonly doubt: Doubt;
  private answered: Attempt | undefined;
  private isOver = false;
  private failure: Error | undefined;
  private hasSecond: boolean;

  constructor(request: DoubtedRequest) {
    this.request = request;
    this.hasSecond = request.again === undefined;
    this.original = new Attempt(this, request.handler);
    this.leader = this.original;
    this.underWay = [this.original];
    this.doubt = new Doubt(this);
  }

  /** Asks the upstream now. */
  ask(): void {
    const { doubt } = this;
    this.request.isAlive().then(
      () => {
        if (doubt.isOver) return;
        doubt.begin();
        this.sendAgain();
      },
      (cause: unknown) => {
        if (doubt.isOver) return;
        for (const { controller } of [...this.underWay]) controller?.abort(cause as Error);
      },
    );
  }

  private sendAgain(): void {
    if (this.hasSecond) return;
    this.hasSecond = true;
    const attempt = new Attempt(this, this.request.handler);
    this.underWay.push(attempt);
    this.request.again?.dispatch({ ...this.request.options, body: null }, attempt);
  }

  started(attempt: Attempt, controller: Dispatcher.DispatchController, context: unknown): void {
    if (this.isOver || this.answered !== undefined) {
      controller.abort(notNeeded);
      return;
    }
    if (this.leader === attempt) this.request.handler.onRequestStart?.(controller, context);
    this.doubt.begin();
  }

  /** Something of it was sent: the time begins again. */
  progressed(): void {
    this.doubt.begin();
  }

  /** Whether what `attempt` hears is the answer. */
  isAnswer(attempt: Attempt): boolean {
    if (this.answered !== undefined) return this.answered === attempt;
    this.answered = attempt;
    this.doubt.end();
    if (this.leader !== attempt) this.lead(attempt);
    this.dropOthers(attempt);
    if (attempt !== this.original) this.request.overtaken();
    return true;
  }

  isAnsweredBy(attempt: Attempt): boolean {
    return this.answered === attempt;
  }

  ended(attempt: Attempt): void {
    this.remove(attempt);
  }

  failed(attempt: Attempt, controller: Dispatcher.DispatchController, error: Error): void {
    this.remove(attempt);
    if (this.isOver || (this.answered !== undefined && this.answered !== attempt)) return;
    const [other] = this.underWay;
    const isAborted = attempt.controller?.aborted === true;
    if (this.answered === undefined && other !== undefined && !isAborted) {
      this.failure ??= error;
      if (this.leader === attempt) this.lead(other);
      return;
    }
    this.isOver = true;
    this.doubt.end();
    this.dropOthers(attempt);
    this.request.handler.onResponseError?.(controller, isAborted ? error : (this.failure ?? error));
  }

  private lead(attempt: Attempt): void {
    this.leader = attempt;
    if (attempt.controller !== undefined)
      this.request.handler.onRequestStart?.(attempt.controller, undefined);
  }

  private dropOthers(than: Attempt): void {
    // Mostly it is alone, and nothing is made for that.
    if (this.underWay.length === 1 && this.underWay[0] === than) return;
    for (const other of [...this.underWay]) if (other !== than) other.controller?.abort(notNeeded);
  }

  private remove(attempt: Attempt): void {
    const index = this.underWay.indexOf(attempt);
    if (index >= 0) this.underWay.splice(index, 1);
  }
}

/** The request on one connection, as undici tells of it. */
class Attempt implements Dispatcher.DispatchHandler {
  controller: Dispatcher.DispatchController | undefined;
  private readonly exchange: DoubtedExchange;
  private readonly handler: Dispatcher.DispatchHandler;

  constructor(exchange: DoubtedExchange, handler: Dispatcher.DispatchHandler) {
    this.exchange = exchange;
    this.handler = handler;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.controller = controller;
    this.exchange.started(this, controller, context);
  }

  onBodySent(chunk: Buffer): void {
    this.exchange.progressed();
    this.handler.onBodySent?.(chunk);
  }

  onResponseStart(...answer: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void {
    const [, statusCode] = answer;
    if (statusCode < 200 || this.exchange.isAnswer(this)) this.handler.onResponseStart?.(...answer);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.exchange.isAnsweredBy(this)) this.handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(...end: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.exchange.ended(this);
    if (this.exchange.isAnsweredBy(this)) this.handler.onResponseEnd?.(...end);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.exchange.failed(this, controller, error);
  }
}

/** An answer that is so long in coming makes one doubt that the upstream is there. */
const doubtMs = 5_000;
/** Between two looks at all that is waited for: one timer for all, since most requests are over in a millisecond. */
const lookMs = 250;

/** From `begin` to `end` its exchange is told to ask every 5 s. */
class Doubt {
  isOver = false;
  /** Place among those that are looked at; -1: none. */
  index = -1;
  private readonly exchange: DoubtedExchange;
  private readonly context = requestContext.getStore();
  private looksLeft = 0;

  constructor(exchange: DoubtedExchange) {
    this.exchange = exchange;
  }

  /** From now on, or once more. */
  begin(): void {
    if (this.isOver) return;
    this.looksLeft = 1 + doubtMs / lookMs; // the first look may come at once
    if (this.index < 0) watch(this);
  }

  end(): void {
    this.isOver = true;
    if (this.index >= 0) unwatch(this);
  }

  look(): void {
    this.looksLeft -= 1;
    if (this.looksLeft !== 0) return;
    if (this.context === undefined) this.exchange.ask();
    else requestContext.run(this.context, () => this.exchange.ask());
  }
}

/** Not a Set: every request comes and goes here (api/streams/stream-registry.ts says why). */
const watched: Doubt[] = [];
let looking: NodeJS.Timeout | undefined;

function watch(doubt: Doubt): void {
  doubt.index = watched.length;
  watched.push(doubt);
  // Not in the context of the request that happens to be the first.
  looking ??= requestContext.run({ cut: () => undefined }, () => setInterval(lookAtAll, lookMs).unref());
}

function unwatch(doubt: Doubt): void {
  const last = watched.pop() as Doubt;
  if (last !== doubt) {
    watched[doubt.index] = last;
    last.index = doubt.index;
  }
  doubt.index = -1;
}

function lookAtAll(): void {
  if (watched.length === 0) {
    clearInterval(looking);
    looking = undefined;
    return;
  }
  for (const doubt of [...watched]) doubt.look();
}
