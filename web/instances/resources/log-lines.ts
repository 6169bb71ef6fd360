/** A line of a log, by how many were before it: the earliest are forgotten, so that an index would not tell them apart. */
export interface LogLine {
  readonly number: number;
  readonly text: string;
}

/** As many lines are kept, however long somebody follows. */
export const mostLines = 5_000;
/** What of a longer line is kept. */
const longestLine = 16_384;

/** Keeps the last lines of what is added to it, chunk by chunk. */
export class LogLines {
  #lines: LogLine[] = [];
  #rest = '';
  #next = 0;

  add(chunk: string): void {
    const [first = '', ...others] = chunk.split('\n');
    if (others.length === 0) {
      this.#rest = (this.#rest + first).slice(0, longestLine);
      return;
    }
    const last = others.pop() ?? '';
    this.#push([this.#rest + first, ...others]);
    this.#rest = last.slice(0, longestLine);
  }

  /** What came after the last line end is a line, too. */
  end(): void {
    if (this.#rest !== '') this.#push([this.#rest]);
    this.#rest = '';
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  #push(texts: readonly string[]): void {
    // A copy: what is shown is compared by its identity.
    const added = texts.map((text) => ({ number: this.#next++, text: plain(text.slice(0, longestLine)) }));
    this.#lines = [...this.#lines, ...added].slice(-mostLines);
  }
}

/** Without the colours of terminals, carriage returns and other control characters. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/\u001B\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F]/g, '');
}
