import { failureOf, PlatformAway } from './problem.ts';
import { csrfToken, readSession, sessionEnded } from './session.ts';

/** A request to the platform, under the session of this browser. */
export interface PlatformRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Sends a request and gives its answer. A change carries the token of the session.
 * @throws RequestFailure for an answer that is not a success, PlatformAway if there is none
 */
export async function sendForAnswer(request: PlatformRequest): Promise<Response> {
  const answer = await sendOnce(request);
  if (answer.ok) return answer;
  const failure = await failureOf(answer);
  // They may have signed in again in another tab: then the session is a new one, with a token of its own.
  if (failure.status === 403 && /x-csrf-token/.test(failure.message) && (await hasNewToken())) {
    const second = await sendOnce(request);
    if (second.ok) return second;
    throw await failureOf(second);
  }
  if (failure.status === 401) sessionEnded();
  throw failure;
}

/** The JSON of the answer. @throws as {@link sendForAnswer} */
export async function send<T>(request: PlatformRequest): Promise<T> {
  const answer = await sendForAnswer(request);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function hasNewToken(): Promise<boolean> {
  const before = csrfToken();
  return readSession().then(
    (session) => session.csrfToken !== before,
    () => false,
  );
}

async function sendOnce({ method = 'GET', path, body, headers, signal }: PlatformRequest): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'x-csrf-token': csrfToken() }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new PlatformAway(error);
  }
}
