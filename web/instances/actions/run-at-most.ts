/**
 * Calls `act` for each of `items`, `most` of them at once, in their order; `isStopped` ends that before the next one.
 * Failures of `act` are its own to keep.
 */
export async function runAtMost<T>(
  most: number,
  items: readonly T[],
  act: (item: T) => Promise<void>,
  isStopped: () => boolean,
): Promise<void> {
  const left = [...items];
  async function work(): Promise<void> {
    for (let item = left.shift(); item !== undefined && !isStopped(); item = left.shift()) await act(item);
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
}
