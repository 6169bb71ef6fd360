import type { Dispatcher } from 'undici';
import type { Identity } from '../identity/identity.ts';
import { isImpersonationDenied } from './impersonation-denied.ts';
import { checkOutgoingHeaders } from './outgoing-header-check.ts';
import { appendIdentity } from './request-headers.ts';

/**
 * How an API server refuses the gateway itself rather than the caller: it does not know the gateway's `credential`, or does
 * not let the gateway act as the caller (`refused`).
 */
export type GatewayRefusal = 'credential' | 'refused';

/** API servers put it on what they let in, before anything else answers; but not on exec, logs and `…/proxy`. */
const letIn = 'x-kubernetes-pf-flowschema-uid';

const askMs = 5_000;

/** Whether an answer with this head may be such a refusal: an aggregated API or a program behind `…/proxy` can say the same. */
export function isDoubtful(status: number, headers: Record<string, string | string[] | undefined>): boolean {
  return (status === 401 || status === 403) && headers[letIn] === undefined;
}

/**
 * Whether the API server refuses the gateway now, asked where nothing but the API server itself answers: what the doubtful
 * answer says could be forged.
 * @throws Error if it does not answer
 */
export async function askRefusal(
  dispatcher: Dispatcher,
  identity: Identity,
): Promise<GatewayRefusal | undefined> {
  const headers = ['Accept', 'application/json'];
  appendIdentity(headers, identity);
  checkOutgoingHeaders(headers);
  const answer = await dispatcher.request({
    method: 'GET',
    path: '/version',
    headers,
    signal: AbortSignal.timeout(askMs),
  });
  const text = await answer.body.text();
  if (answer.statusCode === 401) return 'credential';
  return isImpersonationDenied(answer.statusCode, text) ? 'refused' : undefined;
}
