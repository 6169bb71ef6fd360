import { PlatformError } from '../../../contracts/errors.ts';
import { userGroup } from '../../../contracts/names.ts';
import type { Database } from '../../../db/client.ts';
import { hasActed } from '../../../db/queries/operations.ts';
import { namingPlurals, withoutAccount } from '../../../domain/accounts/without-account.ts';
import type { ResourceCache } from '../../cache/resource-cache.ts';
import { type JsonClient, statusMessage } from '../../upstreams/json-request.ts';
import { accountsIdentity } from '../../identity/identity.ts';

/** What may be given to a name before there is a user of it, or was to a former one. */
export interface Mentions {
  /** Whether anything names a user `name`: existing grants would apply to a new user of that name. */
  ofName(name: string): Promise<boolean>;
  /** Whether a role is bound to the user name `subject` towards Kubernetes. */
  ofSubject(subject: string): Promise<boolean>;
}

interface Binding {
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Looks everywhere; asked only at a first login. */
export function createMentions(deps: {
  readonly management: JsonClient;
  readonly database: Pick<Database, 'query'>;
  readonly cache: Pick<ResourceCache, 'user' | 'users' | 'teams' | 'accessKeys' | 'objects'>;
}): Mentions {
  const { management, database, cache } = deps;

  function isNamed(name: string): boolean {
    const account = { kind: 'user', name } as const;
    const listed = namingPlurals.flatMap((plural): readonly object[] => {
      if (plural === 'users') return cache.users();
      return plural === 'teams' ? cache.teams() : cache.objects(plural);
    });
    return (
      cache.user(name) !== undefined ||
      cache.accessKeys().some(({ spec }) => spec.user === name) ||
      listed.some((object) => withoutAccount(object as Parameters<typeof withoutAccount>[0], account))
    );
  }

  async function isBound(kind: string, name: string): Promise<boolean> {
    const lists = await Promise.all(
      ['rolebindings', 'clusterrolebindings'].map(async (plural) => {
        const answer = await management(accountsIdentity, { method: 'GET', path: `${rbac}/${plural}` });
        if (answer.status === 200) return (answer.body as { items: Binding[] }).items;
        throw new PlatformError(
          'management_unavailable',
          'cannot determine what access the new name would have; try again',
          { cause: new Error(statusMessage(answer)) },
        );
      }),
    );
    return lists
      .flat()
      .some(({ subjects }) => subjects?.some((one) => one.kind === kind && one.name === name) === true);
  }

  return {
    ofName: async (name) =>
      isNamed(name) ||
      (await database.query((db) => hasActed(db, name))) ||
      (await isBound('User', name)) ||
      (await isBound('Group', userGroup(name))),
    ofSubject: (subject) => isBound('User', subject),
  };
}
