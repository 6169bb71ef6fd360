import type { Dispatcher } from 'undici';
import { PlatformError } from '../../../contracts/errors.ts';
import { OwnDispatcher } from '../../upstreams/own-dispatcher.ts';

/** How the JSON answers of a request are changed on their way to the client. */
export interface AnswerChange {
  /** Of a whole answer. */
  readonly whole: (text: string) => string | Promise<string>;
  /** Of one event of a watch, without its line end. */
  readonly event: (line: string) => string;
}

type Start = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>;
type End = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>;

/**
 * A dispatcher whose answers are changed: of a watch each event as it comes, of anything else the whole body, of which nothing
 * is passed on before its end. What failed and what is not JSON is passed on as it is. Answers must not come packed.
 */
export function changingAnswers(dispatcher: Dispatcher, change: AnswerChange, isWatch: boolean): Dispatcher {
  return new OwnDispatcher((options, handler) =>
    dispatcher.dispatch(options, new ChangingHandler(handler, change, isWatch)),
  );
}

const unasked: ReadonlySet<string> = new Set(['accept-encoding', 'if-none-match']);

/** The headers of a request, flat, without what would let its answer come packed, or not at all. */
export function unpacked(headers: readonly string[]): string[] {
  return headers.filter((_text, index) => !unasked.has(headers[index - (index % 2)]?.toLowerCase() ?? ''));
}

class ChangingHandler implements Dispatcher.DispatchHandler {
  private readonly next: Dispatcher.DispatchHandler;
  private readonly change: AnswerChange;
  private readonly isWatch: boolean;
  private events: EventLines | undefined;
  private head: Start | undefined;
  private readonly body: Buffer[] = [];

  constructor(next: Dispatcher.DispatchHandler, change: AnswerChange, isWatch: boolean) {
    this.next = next;
    this.change = change;
    this.isWatch = isWatch;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.next.onRequestStart?.(controller, context);
  }

  onBodySent(chunk: Buffer): void {
    this.next.onBodySent?.(chunk);
  }

  onResponseStart(...start: Start): void {
    const [, status, headers] = start;
    const isJson = /^application\/json\b/.test(String(headers['content-type'] ?? ''));
    if (status < 200 || status > 299 || !isJson) {
      this.next.onResponseStart?.(...start);
    } else if (this.isWatch) {
      this.events = new EventLines(this.change.event);
      this.next.onResponseStart?.(...start);
    } else this.head = start;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.head !== undefined) {
      this.body.push(chunk);
      return;
    }
    const passed = this.events === undefined ? chunk : this.events.take(chunk);
    if (passed.length > 0) this.next.onResponseData?.(controller, passed);
  }

  onResponseEnd(...end: End): void {
    if (this.head === undefined) this.next.onResponseEnd?.(...end);
    else void this.pass(this.head, end);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.next.onResponseError?.(controller, error);
  }

  private async pass([controller, status, headers, message]: Start, end: End): Promise<void> {
    let changed: Buffer;
    try {
      const text = Buffer.concat(this.body).toString('utf8');
      changed = Buffer.from((await this.change.whole(text)) + (text.endsWith('\n') ? '\n' : ''));
    } catch (error) {
      const ours = new PlatformError('internal', 'failed to prepare the answer of the API server', {
        cause: error,
      });
      this.next.onResponseError?.(controller, ours);
      return;
    }
    const { 'transfer-encoding': _chunked, etag: _unchanged, ...kept } = headers;
    const sized = { ...kept, 'content-length': String(changed.length) };
    this.next.onResponseStart?.(controller, status, sized, message);
    this.next.onResponseData?.(controller, changed);
    this.next.onResponseEnd?.(...end);
  }
}

/** The whole lines of a body, each changed. */
class EventLines {
  private readonly change: (line: string) => string;
  private readonly decoder = new TextDecoder();
  private rest = '';

  constructor(change: (line: string) => string) {
    this.change = change;
  }

  take(chunk: Buffer): Buffer {
    const lines = (this.rest + this.decoder.decode(chunk, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    return Buffer.from(lines.map((line) => (line === '' ? '\n' : `${this.change(line)}\n`)).join(''));
  }
}
