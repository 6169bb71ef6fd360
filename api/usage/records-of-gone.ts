import { managedKinds } from '../../contracts/kinds.ts';
import type { UsageSubject } from '../../db/queries/usage.ts';
import { goneAccess } from '../authorization/record-access.ts';
import type { Gateway } from '../gateway.ts';
import type { Identity } from '../identity/identity.ts';

/** Those of `records` whose instances are gone, and that `identity` may read all the same. */
export async function visibleRecordsOfGone<R extends UsageSubject>(
  deps: Pick<Gateway, 'review' | 'cache' | 'managementJson'>,
  identity: Identity,
  records: readonly R[],
): Promise<R[]> {
  const there = new Set(
    managedKinds.flatMap((kind) => deps.cache.instances(kind).map(({ metadata }) => metadata.uid)),
  );
  const mayRead = goneAccess(deps, identity);
  const gone = records.filter(({ uid }) => !there.has(uid));
  const allowed = await Promise.all(gone.map(mayRead));
  return gone.filter((_record, index) => allowed[index]);
}
