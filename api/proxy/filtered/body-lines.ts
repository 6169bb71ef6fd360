import type { Readable } from 'node:stream';

/**
 * The whole lines of `body` as they come, without their ends. Fails as the body does, to its reader; the body ends
 * when its reader stops. (Node's readline emits a failure even without a reader, which ended the process.)
 */
export async function* linesOf(body: Readable): AsyncGenerator<string, void> {
  body.on('error', () => undefined); // reported by the loop below, or not needed any more
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
