import { failureOf, PlatformAway, RequestFailure } from './problem.ts';

/** Who is signed in, and the token that this session's changes carry. */
export interface Session {
  readonly user: string;
  readonly csrfToken: string;
}

let current: Session | undefined;
const endListeners = new Set<() => void>();

/**
 * The session of this browser. It may be a new one, of a login in another tab; if that was somebody else's, this page is over: what
 * it shows and what was asked for in it is not theirs.
 * @throws RequestFailure 401 if there is none, PlatformAway
 */
export async function readSession(): Promise<Session> {
  const answer = await fetch('/auth/session').catch((error: unknown) => {
    throw new PlatformAway(error);
  });
  if (!answer.ok) throw await failureOf(answer);
  const session = (await answer.json()) as Session;
  if (current !== undefined && current.user !== session.user) {
    sessionEnded();
    throw new RequestFailure({
      status: 401,
      code: 'unauthenticated',
      message: `${session.user} is signed in now, in another tab`,
    });
  }
  current = session;
  return session;
}

export function csrfToken(): string {
  return current?.csrfToken ?? '';
}

/** Tells that an answer said that the session is over. */
export function sessionEnded(): void {
  for (const listener of endListeners) listener();
}

/** Calls `listener` when the session is found to be over. Returns how to stop that. */
export function onSessionEnd(listener: () => void): () => void {
  endListeners.add(listener);
  return () => endListeners.delete(listener);
}

/** Where one signs in, to come back to `path`. */
export function signInAddress(path: string): string {
  return `/login?returnTo=${encodeURIComponent(path)}`;
}

/** Ends the session. @throws RequestFailure, PlatformAway */
export async function signOut(): Promise<void> {
  const answer = await sendSignOut();
  if (answer.ok || answer.status === 401) return;
  const failure = await failureOf(answer);
  if (failure.status !== 403) throw failure;
  // The token may be that of an earlier session.
  await readSession();
  const second = await sendSignOut();
  if (!second.ok && second.status !== 401) throw await failureOf(second);
}

function sendSignOut(): Promise<Response> {
  return fetch('/auth/logout', { method: 'POST', headers: { 'x-csrf-token': csrfToken() } }).catch(
    (error: unknown) => {
      throw new PlatformAway(error);
    },
  );
}
