import { isFinal, type Operation } from '../../contracts/operations.ts';
import type { InstanceName } from './instances.ts';
import { RequestFailure } from './problem.ts';
import { rest } from './rest.ts';

const appearsMs = 30_000;
const againMs = 150;
const longestAgainMs = 2_000;

/**
 * The operation that creates a new instance; undefined if the platform does not begin it within half a minute. Its maker's own
 * rights on it come a moment after the instance, so "not found" is asked again.
 * @param createdAt of the resource, which has whole seconds
 */
export async function firstOperation(
  { kind, project, name }: InstanceName,
  createdAt: string | undefined,
): Promise<Operation | undefined> {
  const since = Date.parse(createdAt ?? '');
  const deadline = Date.now() + appearsMs;
  let pauseMs = againMs;
  while (Date.now() < deadline) {
    const items = await rest
      .of(kind)
      .listOperations({ params: { project, name }, query: { limit: '5' } })
      .then(
        (page) => page.items,
        (error: unknown) => {
          if (error instanceof RequestFailure && ![404, 429, 503].includes(error.status)) throw error;
          return [];
        },
      );
    const found = items.find(
      (one) => one.type === 'create' && (!isFinal(one.state) || Date.parse(one.createdAt) >= since),
    );
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 1.3, longestAgainMs);
  }
  return undefined;
}
