import type { Dispatcher } from 'undici';
import { PlatformError } from '../../../contracts/errors.ts';
import { readerIdentity } from '../../identity/identity.ts';
import type { Gateway } from '../../gateway.ts';
import { managementUnreachable } from '../../upstreams/json-request.ts';
import { checkOutgoingHeaders } from '../../upstreams/outgoing-header-check.ts';
import { appendIdentity } from '../../upstreams/request-headers.ts';

/** An object as a list, a watch or a table row shows it; `metadata` is all that is looked at. */
export interface Shown {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface Row {
  readonly object?: Shown;
  readonly [field: string]: unknown;
}

/** A list, or a Table: `items` or `rows`. */
export interface Listing {
  readonly kind: string;
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly [field: string]: unknown;
  };
  readonly items?: readonly Shown[] | null;
  readonly rows?: readonly Row[] | null;
  readonly [field: string]: unknown;
}

/** For the head of an answer, of a watch too: API servers send it at once. */
const headMs = 30_000;

/**
 * GET in the management API as `vcluster-platform:gateway-reader`, who may read every object of the filtered kinds.
 * What it reads is filtered before it is shown.
 * @throws PlatformError `management_unavailable`
 */
export async function readAsReader(
  { management }: Pick<Gateway, 'management'>,
  path: string,
  accept: string,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const headers = ['Accept', accept];
  appendIdentity(headers, readerIdentity);
  checkOutgoingHeaders(headers);
  try {
    const answer = await management.dispatcher.request({
      method: 'GET',
      path,
      headers,
      signal,
      headersTimeout: headMs,
    });
    if (answer.statusCode !== 401 && answer.statusCode !== 403) return answer;
    throw new Error(`${answer.statusCode} for the reader: ${await answer.body.text()}`);
  } catch (error) {
    throw unreachable(error);
  }
}

/** The whole body of an answer. @throws PlatformError `management_unavailable` if it breaks off */
export async function textOf({ body }: Dispatcher.ResponseData): Promise<string> {
  try {
    return await body.text();
  } catch (error) {
    throw unreachable(error);
  }
}

function unreachable(cause: unknown): PlatformError {
  return new PlatformError(managementUnreachable.code, managementUnreachable.message, { cause });
}

/** The JSON forms among what a client accepts: nothing else can be filtered here. */
export function acceptedJson(accept: string | undefined): string {
  const forms = (accept ?? '').split(',').map((form) => form.trim());
  return forms.filter((form) => form.startsWith('application/json')).join(',') || 'application/json';
}
