import pg from 'pg';
import { databaseCall } from './failures.ts';

/** Who works on our database at run time; none of them may change what it is made of. */
const runtimeRoles = ['gateway', 'worker', 'controllers'] as const;
export type RuntimeRole = (typeof runtimeRoles)[number];

/** On a table, or only on columns of it. */
type Privilege = 'select' | 'insert' | 'update' | 'delete' | `select (${string})`;

const read = ['select'] as const;
const keep = ['select', 'insert', 'update'] as const;
const all = ['select', 'insert', 'update', 'delete'] as const;

/**
 * What each process does to each table, by what it imports from db/queries. A table that is not listed for any process is
 * accessible to none. Rows of operations are never deleted, the audit log is the gateway's, to which controllers add what they do by themselves, and they end sessions of users
 * that are gone.
 */
export const grants: Record<string, Partial<Record<RuntimeRole, readonly Privilege[]>>> = {
  operations: { gateway: keep, worker: keep, controllers: keep },
  operation_steps: { gateway: keep, worker: keep, controllers: keep },
  instances: { gateway: keep, worker: keep, controllers: keep },
  snapshots: { gateway: read, worker: all, controllers: ['select', 'update'] },
  sessions: { gateway: all, controllers: ['select', 'delete'] },
  session_key: { gateway: read },
  login_states: { gateway: all },
  audit_events: { gateway: all, controllers: ['insert'] },
  instance_activity: { gateway: all, controllers: read }, // before they delete what nobody uses
  instance_activity_hours: { gateway: all },
  // The worker waits for an agent of a version; the hashes of credentials are not its business.
  agents: {
    gateway: all,
    controllers: ['select', 'delete'],
    worker: ['select (cluster_uid, generation, agent_version)'],
  },
  agent_join_keys: { gateway: all, controllers: ['select', 'delete'] },
  // Controllers lock dead ones before they remove them; operations wait for one.
  agent_tunnels: { gateway: all, controllers: ['select', 'update', 'delete'], worker: read },
};

/**
 * Gives the run-time roles what {@link grants} says and takes everything else from them; repeatable.
 * @param ownerUrl of the role that owns the tables
 * @param roleOf name in PostgreSQL of each
 * @throws PlatformError `database_unavailable`
 */
export async function applyGrants(ownerUrl: string, roleOf: Record<RuntimeRole, string>): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 3000 });
  client.on('error', () => undefined);
  const name = (role: RuntimeRole) => client.escapeIdentifier(roleOf[role]);
  const everybody = runtimeRoles.map(name).join(', ');
  const statements = [
    `revoke all on all tables in schema public from ${everybody}`,
    `grant usage on all sequences in schema public to ${everybody}`,
    ...Object.entries(grants).flatMap(([table, byRole]) =>
      runtimeRoles.flatMap((role) => {
        const privileges = byRole[role] ?? [];
        return privileges.length === 0
          ? []
          : [`grant ${privileges.join(', ')} on ${client.escapeIdentifier(table)} to ${name(role)}`];
      }),
    ),
  ];
  await databaseCall(async () => {
    try {
      await client.connect();
      // In one transaction: no role is without its rights for a moment.
      await client.query(`begin; ${statements.join('; ')}; commit`);
    } finally {
      await client.end();
    }
  });
}
