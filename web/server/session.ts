import { failureOf, PlatformAway } from './problem.ts';

/** Who is signed in, and the token that this session's changes carry. */
export interface Session {
  readonly user: string;
  readonly csrfToken: string;
}

let current: Session | undefined;
const endListeners = new Set<() => void>();

/** The session of this browser. @throws RequestFailure 401 if there is none, PlatformAway */
export async function readSession(): Promise<Session> {
  const answer = await fetch('/auth/session').catch((error: unknown) => {
    throw new PlatformAway(error);
  });
  if (!answer.ok) throw await failureOf(answer);
  current = (await answer.json()) as Session;
  return current;
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

/** Ends the session. */
export async function signOut(): Promise<void> {
  const answer = await fetch('/auth/logout', { method: 'POST', headers: { 'x-csrf-token': csrfToken() } });
  if (!answer.ok && answer.status !== 401) throw await failureOf(answer);
}
