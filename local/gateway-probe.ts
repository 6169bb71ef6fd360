import { readFileSync } from 'node:fs';
import { answersOk } from './https-probe.ts';

/** Whether the gateway answers `/readyz` with 200 within two seconds. Rejects while nothing listens. */
export function isGatewayReady(url: string, caFile: string): Promise<boolean> {
  return answersOk(new URL('/readyz', url), { ca: readFileSync(caFile) });
}
