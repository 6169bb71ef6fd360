import type { Dispatcher } from 'undici';

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

interface Attempt {
  controller?: Dispatcher.DispatchController;
}

const notNeeded = new Error('another attempt was answered');

/**
 * Sends a request. While its answer's head is not there, the upstream is asked every 5 s whether it answers anybody; if
 * not, the request fails. If so, either the request takes its time or its connection leads nowhere any more, and nobody
 * can tell which: a plain read is then sent once more on a connection of its own, and the first one goes on. Whichever
 * is answered first is the answer, so that what is slow is as slow as before and fails no more than before.
 */
export function dispatchDoubted(request: DoubtedRequest): boolean {
  const { options, handler, first, again, isAlive, overtaken } = request;
  const underWay = new Set<Attempt>();
  const original: Attempt = {};
  /** The attempt whose controller `handler` holds. */
  let leader = original;
  let answered: Attempt | undefined;
  let isOver = false;
  let failure: unknown;
  let hasSecond = again === undefined;

  const doubt = watchLiveness(isAlive, {
    alive: () => {
      if (hasSecond) return;
      hasSecond = true;
      again?.dispatch({ ...options, body: null }, handlerOf({}));
    },
    dead: (cause) => {
      for (const { controller } of [...underWay]) controller?.abort(cause as Error);
    },
  });

  function dropOthers(than: Attempt): void {
    for (const other of underWay) if (other !== than) other.controller?.abort(notNeeded);
  }

  function lead(attempt: Attempt): void {
    leader = attempt;
    if (attempt.controller !== undefined) handler.onRequestStart?.(attempt.controller, undefined);
  }

  /** Whether what `attempt` hears is the answer. */
  function isAnswer(attempt: Attempt): boolean {
    if (answered !== undefined) return answered === attempt;
    answered = attempt;
    doubt.end();
    if (leader !== attempt) lead(attempt);
    dropOthers(attempt);
    if (attempt !== original) overtaken();
    return true;
  }

  function failed(attempt: Attempt, controller: Dispatcher.DispatchController, error: Error): void {
    underWay.delete(attempt);
    if (isOver || (answered !== undefined && answered !== attempt)) return;
    const [other] = underWay;
    const isAborted = attempt.controller?.aborted === true;
    if (answered === undefined && other !== undefined && !isAborted) {
      failure ??= error;
      if (leader === attempt) lead(other);
      return;
    }
    isOver = true;
    doubt.end();
    dropOthers(attempt);
    handler.onResponseError?.(controller, isAborted ? error : ((failure as Error) ?? error));
  }

  function handlerOf(attempt: Attempt): Dispatcher.DispatchHandler {
    underWay.add(attempt);
    return {
      onRequestStart(controller, context) {
        attempt.controller = controller;
        if (isOver || answered !== undefined) {
          controller.abort(notNeeded);
          return;
        }
        if (leader === attempt) handler.onRequestStart?.(controller, context);
        doubt.begin();
      },
      onBodySent(chunk: Buffer) {
        doubt.begin();
        handler.onBodySent?.(chunk);
      },
      onResponseStart(controller, statusCode, headers, statusMessage) {
        if (statusCode < 200 || isAnswer(attempt))
          handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
      },
      onResponseData(controller, chunk) {
        if (answered === attempt) handler.onResponseData?.(controller, chunk);
      },
      onResponseEnd(controller, trailers) {
        underWay.delete(attempt);
        if (answered === attempt) handler.onResponseEnd?.(controller, trailers);
      },
      onResponseError: (controller, error) => failed(attempt, controller, error),
    };
  }

  return first.dispatch(options, handlerOf(original));
}

/** An answer that is so long in coming makes one doubt that the upstream is there. */
const doubtMs = 5_000;

/** Asks `isAlive` every 5 s from `begin` to `end`, and reports the result. */
function watchLiveness(isAlive: () => Promise<void>, report: { alive(): void; dead(cause: unknown): void }) {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const ask = () => {
    isAlive().then(
      () => {
        if (isOver) return;
        timer?.refresh();
        report.alive();
      },
      (cause: unknown) => isOver || report.dead(cause),
    );
  };
  return {
    begin() {
      if (isOver) return;
      if (timer === undefined) timer = setTimeout(ask, doubtMs).unref();
      else timer.refresh();
    },
    end() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
