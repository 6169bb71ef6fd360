/** A user or team as the management API holds it. */
interface Owner {
  readonly metadata: { readonly uid?: string | undefined; readonly creationTimestamp?: string | undefined };
}

/** What was made for a user or team by name: a key, a session. */
interface Made {
  /** uid of the owner it was made for, if recorded. */
  readonly uid: string | undefined;
  readonly at: Date | undefined;
}

/** Keys and users that are applied, or brought back, together come in any order. */
const togetherMs = 10 * 60_000;

/**
 * Whether something was made for this very user or team, not for a former one of the name. Where no uid was written down
 * (before there were any), only what is not older than its owner is.
 */
export function isMadeFor({ metadata }: Owner, { uid, at }: Made): boolean {
  if (uid !== undefined) return uid === metadata.uid;
  const ownerAt = Date.parse(metadata.creationTimestamp ?? '');
  return at === undefined || Number.isNaN(ownerAt) || at.getTime() + togetherMs >= ownerAt;
}
