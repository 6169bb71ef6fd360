import { queryOptions } from '@tanstack/react-query';
import { managementApiVersion } from '../../contracts/names.ts';
import type { AccessKey, AccessKeySpec } from '../../contracts/resources/access-key.ts';
import { objectPath } from './management.ts';
import { send } from './send.ts';

const owned = `/kubernetes/management/apis/${managementApiVersion}/ownedaccesskeys`;

/** The caller's own keys, without the keys themselves. */
export const ownedKeysQuery = queryOptions({
  queryKey: ['owned-access-keys'] as const,
  queryFn: async () => (await send<{ items: AccessKey[] }>({ path: owned })).items,
});

/** Keys of a user or team, for those who may read them. */
export function accountKeysQuery(plural: 'users' | 'teams', name: string) {
  return queryOptions({
    queryKey: ['access-keys', plural, name] as const,
    queryFn: async () =>
      (await send<{ accessKeys: AccessKey[] }>({ path: `${objectPath(plural, { name })}/accesskeys` }))
        .accessKeys,
  });
}

/** Makes a key of the caller's own; only this answer has the key, in `spec.key`. */
export function createOwnedKey(name: string, spec: AccessKeySpec): Promise<AccessKey> {
  return send({ method: 'POST', path: owned, body: { metadata: { name }, spec } });
}

export function changeOwnedKey(name: string, spec: Pick<AccessKeySpec, 'disabled'>): Promise<AccessKey> {
  return send({
    method: 'PATCH',
    path: `${owned}/${encodeURIComponent(name)}`,
    body: { spec },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
}

export function deleteOwnedKey(name: string): Promise<unknown> {
  return send({ method: 'DELETE', path: `${owned}/${encodeURIComponent(name)}` });
}
