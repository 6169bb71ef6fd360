import type { Readable } from 'node:stream';

/**
 * The whole lines of `body` as they come, without their ends. Fails as the body does, to whoever reads on; the body ends
 * when nobody does. (Node's readline tells a failure also when nobody reads any more, which ended the process.)
 */
export async function* linesOf(body: Readable): AsyncGenerator<string, void> {
  body.on('error', () => undefined); // told to the loop below, or nobody's any more
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
