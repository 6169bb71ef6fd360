import { createHash } from 'node:crypto';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { lastApplied } from '../../contracts/names.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import { accessKeyExpiry } from '../../domain/keys/access-key-expiry.ts';
import { withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import { opensNothing } from '../../domain/keys/key-scope.ts';
import { isMadeFor } from '../../domain/accounts/made-for.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

const scopeOpensNothing = {
  type: 'ScopeUnderstood',
  status: 'False',
  reason: 'OpensNothing',
  message:
    'The scope is empty, or has fields that this version of the platform does not know: the key is not accepted',
} as const;

/** Gateways write the last use of a key a while after it; a key that slides is not deleted before they have. */
const activityLagMs = 120_000;

/** Access keys: a key in clear is replaced by its hash, one that has expired, or whose issuer is gone, is deleted, one without its owner or with a scope that opens nothing says so. */
export function accessKeys({ caches, resources, logger }: ControllerContext): Controller {
  async function reconcile(name: string): Promise<Requeue | undefined> {
    const key = caches.accesskeys.get(name);
    if (key === undefined || key.metadata.deletionTimestamp !== undefined) return undefined;
    if (key.spec.key !== undefined) {
      await resources.accesskeys.patch({ name }, withoutClearKey(key));
      return resync;
    }
    const expiry = accessKeyExpiry(key);
    const lagMs = key.spec.ttlAfterLastActivity === true ? activityLagMs : 0;
    const leftMs = expiry === undefined ? Number.POSITIVE_INFINITY : expiry.getTime() + lagMs - Date.now();
    if (leftMs <= 0) {
      await resources.accesskeys.delete({ name }, key.metadata.uid);
      logger.info({ accessKeyName: name }, 'deleted an expired access key');
      return undefined;
    }
    if (hasNoIssuer(key)) {
      await resources.accesskeys.delete({ name }, key.metadata.uid);
      logger.info({ accessKeyName: name }, 'deleted an access key because the one that created it is gone');
      return undefined;
    }
    await sayUsable(key);
    return { requeueAfterMs: Math.min(leftMs, resync.requeueAfterMs) };
  }

  /** What it was made with is gone: gateways do not accept it any more. Sessions they ask about themselves. */
  function hasNoIssuer({ spec: { issuedBy } }: Stored<AccessKey>): boolean {
    if (issuedBy === undefined || issuedBy.session !== undefined) return false;
    return caches.accesskeys.get(issuedBy.accessKey ?? '')?.metadata.uid !== issuedBy.uid;
  }

  function ownerOf({ spec: { user, team } }: Stored<AccessKey>) {
    return user ? caches.users.get(user) : caches.teams.get(team ?? '');
  }

  async function sayUsable(key: Stored<AccessKey>): Promise<void> {
    const found = ownerOf(key);
    const made = { uid: key.status?.ownerUid, at: new Date(key.metadata.creationTimestamp) };
    const exists = found !== undefined && isMadeFor(found, made);
    const why = found === undefined ? 'does not exist' : 'is not the one it was created for';
    const now = new Date().toISOString();
    const withOwner = withCondition(
      key.status?.conditions,
      exists ? ownerExists : ownerNotFound(key, why),
      now,
    );
    const { scope } = key.spec;
    const conditions =
      scope !== undefined && opensNothing(scope)
        ? withCondition(withOwner, scopeOpensNothing, now)
        : withoutCondition(withOwner, scopeOpensNothing.type);
    // Written down once: what was made for this one is not for a later one of the name.
    const ownerUid = exists && key.status?.ownerUid === undefined ? { ownerUid: found.metadata.uid } : {};
    if (conditions === key.status?.conditions && !('ownerUid' in ownerUid)) return;
    const { name, resourceVersion } = key.metadata;
    await resources.accesskeys.patchStatus({ name }, { conditions, ...ownerUid }, resourceVersion);
  }

  return {
    name: 'access-keys',
    reconcile,
    watch(add) {
      caches.accesskeys.onChange((changed) => {
        add(changed);
        if (caches.accesskeys.get(changed) !== undefined) return;
        for (const { metadata, spec } of caches.accesskeys.list())
          if (spec.issuedBy?.accessKey === changed) add(metadata.name);
      });
      const addOf = (kind: 'user' | 'team') => (owner: string) => {
        for (const { metadata, spec } of caches.accesskeys.list())
          if (spec[kind] === owner) add(metadata.name);
      };
      caches.users.onChange(addOf('user'));
      caches.teams.onChange(addOf('team'));
    },
  };
}

const ownerExists = { type: 'OwnerExists', status: 'True', reason: 'Found', message: '' } as const;

function ownerNotFound({ spec: { user, team } }: Stored<AccessKey>, why: string) {
  const owner = user ? `User "${user}"` : team ? `Team "${team}"` : 'A user or team';
  const message = `${owner} ${why}: the key is not accepted`;
  return { type: 'OwnerExists', status: 'False', reason: 'OwnerNotFound', message } as const;
}

/** The patch that puts the hash in the key's place, also where kubectl keeps a copy of what was applied. */
function withoutClearKey({ spec, metadata }: Stored<AccessKey>) {
  const hash = spec.key ? createHash('sha256').update(spec.key).digest('hex') : undefined;
  const copied = metadata.annotations?.[lastApplied] !== undefined;
  return {
    metadata: {
      resourceVersion: metadata.resourceVersion,
      ...(copied ? { annotations: { [lastApplied]: null } } : {}),
    },
    spec: { key: null, ...(spec.keyHash === undefined && hash !== undefined ? { keyHash: hash } : {}) },
  };
}
