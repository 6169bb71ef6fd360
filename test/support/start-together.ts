/**
 * `Promise.all` for what starts things: when one fails, the others are waited for before this fails, so that whoever
 * takes the set-up down finds all that was started.
 */
export async function startTogether<T extends readonly unknown[]>(
  starts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(starts);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return Promise.all(starts);
}
