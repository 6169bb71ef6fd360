import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** A password from the terminal, which does not show it, or the first line of standard input. Never from an argument. */
export async function readPassword(prompt: string): Promise<string> {
  const terminal = process.stdin.isTTY;
  if (terminal) process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (terminal) process.stderr.write('\n');
  }
}
