/** A list as it is `now`, with what somebody changed in it from `before` to `after`: what others changed meanwhile stays. */
export function mergedNames(
  before: readonly string[],
  after: readonly string[],
  now: readonly string[],
): string[] {
  const removed = before.filter((name) => !after.includes(name));
  const added = after.filter((name) => !before.includes(name) && !now.includes(name));
  return [...now.filter((name) => !removed.includes(name)), ...added];
}
