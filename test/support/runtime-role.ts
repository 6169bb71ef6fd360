import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { applyGrants, type RuntimeRole } from '../../db/grants.ts';

const roleOf = {
  gateway: 'test_gateway',
  worker: 'test_worker',
  controllers: 'test_controllers',
} satisfies Record<RuntimeRole, string>;

/**
 * URL of a migrated database for the process that `role` is, with the privileges of db/grants.ts and no others, so that what it lacks
 * fails in tests as it would in production. @param ownerUrl URL of a superuser
 */
export async function urlOfRole(ownerUrl: string, role: RuntimeRole): Promise<string> {
  const password = randomBytes(16).toString('hex');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    for (const name of Object.values(roleOf))
      await client.query(`do $$ begin create role ${name}; exception when duplicate_object then end $$`);
    await client.query(`alter role ${roleOf[role]} login password '${password}'`);
  } finally {
    await client.end();
  }
  await applyGrants(ownerUrl, roleOf);
  const url = new URL(ownerUrl);
  [url.username, url.password] = [roleOf[role], password];
  return url.href;
}
