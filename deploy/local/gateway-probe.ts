import { readFileSync } from 'node:fs';
import { request } from 'node:https';

/** Whether the gateway answers `/readyz` with 200 within two seconds. Rejects while nothing listens. */
export function isGatewayReady(url: string, caFile: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL('/readyz', url),
      { ca: readFileSync(caFile), agent: false, timeout: 2000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 2 s')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
