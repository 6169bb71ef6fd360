import { isConflict } from '../../adapters/kubernetes/failures.ts';
import type { ResourceClient, Stored } from '../../adapters/kubernetes/resources.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { cleanupFinalizer } from '../../contracts/names.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { deleteSessionsOf } from '../../db/queries/sessions.ts';
import { type Account, namingPlurals, withoutAccount } from '../../domain/accounts/without-account.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/** For the other controllers to see what was changed. */
const settleMs = 500;

const plurals = { user: 'users', team: 'teams' } as const;

/**
 * A user or team that is deleted takes along what was given to its name: access keys, sessions, memberships, ownerships
 * and accesses. The finalizer (policy-accounts.yaml) keeps the name until nothing names it any more, so that the next one
 * of it gets nothing.
 */
export function accountRemoval({
  caches,
  resources,
  rbac,
  operations,
  logger,
}: ControllerContext): Controller {
  /** @param key `users/<name>` or `teams/<name>` */
  async function reconcile(key: string): Promise<Requeue | undefined> {
    const account: Account = { kind: key.startsWith('users/') ? 'user' : 'team', name: key.slice(6) };
    const found = cached(account);
    if (found === undefined) return undefined;
    const { deletionTimestamp, finalizers = [] } = found.metadata;
    const isHeld = finalizers.includes(cleanupFinalizer);
    if (deletionTimestamp === undefined) {
      if (!isHeld) await patchFinalizers(account, found, [...finalizers, cleanupFinalizer]);
      return resync;
    }
    if (!isHeld) return undefined;
    const keys = await endKeys(account);
    if (account.kind === 'user') await operations.database.query((db) => deleteSessionsOf(db, account.name));
    const changed = await forget(account);
    // What follows from the names (RBAC) is taken away before anybody can be called so again.
    if (keys > 0 || changed.length > 0) {
      logger.info({ [account.kind]: account.name, keys, changed }, 'deleted with all references');
      return { requeueAfterMs: settleMs };
    }
    await rbac.sync(key, []);
    await patchFinalizers(
      account,
      found,
      finalizers.filter((finalizer) => finalizer !== cleanupFinalizer),
    );
    return undefined;
  }

  function cached({ kind, name }: Account): Stored<User> | Stored<Team> | undefined {
    return kind === 'user' ? caches.users.get(name) : caches.teams.get(name);
  }

  async function endKeys({ kind, name }: Account): Promise<number> {
    // Asked again, here and below: a cache that lags would leave something behind.
    const keys = (await resources.accesskeys.list()).filter(({ spec }) => spec[kind] === name);
    for (const { metadata } of keys) await resources.accesskeys.delete({ name: metadata.name }, metadata.uid);
    return keys.length;
  }

  async function forget(account: Account): Promise<string[]> {
    const changed: string[] = [];
    for (const plural of namingPlurals) {
      const client = resources[plural] as ResourceClient<NamingResource>;
      for (const resource of await client.list()) {
        if (!(await forgetIn(client, resource, account))) continue;
        changed.push(`${plural}/${resource.metadata.name}`);
      }
    }
    return changed;
  }

  async function patchFinalizers(
    { kind, name }: Account,
    { metadata: { resourceVersion } }: Stored<User> | Stored<Team>,
    finalizers: readonly string[],
  ): Promise<void> {
    await resources[plurals[kind]].patch({ name }, { metadata: { finalizers, resourceVersion } });
  }

  return {
    name: 'account-removal',
    reconcile,
    watch(add) {
      caches.users.onChange((name) => add(`users/${name}`));
      caches.teams.onChange((name) => add(`teams/${name}`));
    },
  };
}

type NamingResource = Parameters<typeof withoutAccount>[0];

/** Takes the account out of the resource; a concurrent change is not lost. */
async function forgetIn(
  client: ResourceClient<NamingResource>,
  resource: Stored<NamingResource>,
  account: Account,
): Promise<boolean> {
  const { name, namespace } = resource.metadata;
  const place = namespace === undefined ? { name } : { name, namespace };
  for (let present: Stored<NamingResource> | undefined = resource; present !== undefined; ) {
    const spec = withoutAccount(present, account);
    if (spec === undefined) return present !== resource;
    try {
      const { resourceVersion } = present.metadata;
      await client.patch(place, { metadata: { resourceVersion }, spec });
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
      present = await client.get(place);
    }
  }
  return false;
}
