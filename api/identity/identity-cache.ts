import type { AccessKey } from '../../contracts/resources/access-key.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';

/** What authentication looks up; informer caches in the running gateway. */
export interface IdentityCache {
  /** The key with this lower-case hex SHA-256, if there is one. */
  accessKey(hash: string): AccessKey | undefined;
  accessKeyNamed(name: string): AccessKey | undefined;
  user(name: string): User | undefined;
  team(name: string): Team | undefined;
  teams(): readonly Team[];
  /** False until the caches are synced: until then no key may be called unknown. */
  readonly synced: boolean;
}
