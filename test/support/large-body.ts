import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { TestPlatform } from './platform.ts';

const total = 100 * 1024 * 1024;

/** Sends a body of 100 MB as fast as it is taken, and stops when an answer comes. */
export async function postLargeBody(
  platform: TestPlatform,
  path: string,
): Promise<{ status: number | undefined; text: string }> {
  const { accessKey, caFile, url } = platform.admin();
  const sent = request(`${url}${path}`, {
    method: 'POST',
    ca: readFileSync(caFile),
    headers: {
      authorization: `Bearer ${accessKey}`,
      'content-type': 'application/json',
      'content-length': total,
    },
  });
  let answered = false;
  const failed = new Promise<never>((_resolve, reject) => {
    sent.on('error', (error) => (answered ? undefined : reject(error)));
  });
  const answer = once(sent, 'response').then(async ([response]) => {
    answered = true;
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode as number | undefined, text };
  });
  const chunk = Buffer.alloc(64 * 1024, 'a');
  for (let at = 0; at < total && !answered && !sent.destroyed; at += chunk.length) {
    if (!sent.write(chunk)) await Promise.race([once(sent, 'drain').catch(() => undefined), answer]);
  }
  const result = await Promise.race([answer, failed]);
  sent.destroy();
  return result;
}
