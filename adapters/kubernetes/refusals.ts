import type { WriteRefusal } from '../../domain/lifecycle/failure-causes.ts';

/** Why an API server that answers does not store what is written to it. */
export interface Refusal {
  readonly code: WriteRefusal;
  /** As conditions say it. */
  readonly reason: 'WebhookFailed' | 'WebhookDenied' | 'PolicyDenied' | 'QuotaExceeded' | 'StoreFull';
  /** Of the webhook, policy or quota. */
  readonly name?: string;
}

/** How API servers word it; nothing but the text tells these apart (a webhook chooses its status itself). */
const wordings: readonly (Omit<Refusal, 'name'> & { readonly pattern: RegExp })[] = [
  // etcd's alarm NOSPACE; SQLite's and PostgreSQL's words through Kine.
  {
    pattern: /etcdserver: mvcc: database space exceeded|database or disk is full|no space left on device/i,
    code: 'store_full',
    reason: 'StoreFull',
  },
  { pattern: /failed calling webhook "([^"]*)"/, code: 'admission_refused', reason: 'WebhookFailed' },
  {
    pattern: /admission webhook "([^"]*)" denied the request/,
    code: 'admission_refused',
    reason: 'WebhookDenied',
  },
  {
    pattern: /(?:Validating|Mutating)AdmissionPolicy '([^']*)'|policy '([^']*)' with binding/,
    code: 'admission_refused',
    reason: 'PolicyDenied',
  },
  { pattern: /exceeded quota: ([^,\s]+)/, code: 'quota_exceeded', reason: 'QuotaExceeded' },
];

/** What the message of an API server's error says of a refused write; undefined: something else. */
export function refusalOf(message: string): Refusal | undefined {
  for (const { pattern, ...refusal } of wordings) {
    const match = pattern.exec(message);
    if (match === null) continue;
    const name = match[1] ?? match[2];
    return name === undefined ? refusal : { ...refusal, name };
  }
  return undefined;
}
