import type { Gateway } from '../../gateway.ts';

/** Ends all that a user logged in with, and their streams: with the old password go the keys and sessions that came of it. */
export async function endLogins(gateway: Gateway, name: string): Promise<void> {
  const { keys, sessions } = gateway.accounts;
  for (const key of gateway.cache.accessKeys()) if (key.spec.user === name) await keys.remove(key);
  await sessions.endAllOf(name);
  gateway.streams.end('the password was changed', (other) => other.kind === 'user' && other.name === name);
}
