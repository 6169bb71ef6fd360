import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import { type Account, permissionsOf } from '../../../domain/accounts/account-permissions.ts';
import { nameOfTeam, nameOfUser, teamsOf } from '../../../domain/accounts/identity-names.ts';
import type { RbacUser } from '../../../domain/access/rbac.ts';
import type { Gateway } from '../../gateway.ts';
import { callerOf } from '../../plugins/access.ts';

type Route = FastifyRequest<{ Params: { name: string } }>;

const base = '/kubernetes/management/apis/management.loft.sh/v1';
const options = { config: { access: 'authenticated' }, schema: { hide: true } } as const;

/**
 * `users|teams/{name}/permissions`: roles and memberships with where they come from. `…/clusters`: the connected clusters that
 * they may use directly. For oneself, and for callers whom RBAC allows to read it of others.
 */
export async function accountPermissionRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  const { cache } = gateway;
  for (const [plural, kind, noun] of [
    ['users', 'user', 'User'],
    ['teams', 'team', 'Team'],
  ] as const) {
    app.get(`${base}/${plural}/:name/permissions`, options, async (request: Route) => {
      const account = await asked(gateway, request, kind, 'permissions');
      const world = { users: cache.users(), teams: cache.teams(), projects: cache.projects() };
      return { ...headOf(`${noun}Permissions`, account), ...permissionsOf(account, world) };
    });
    app.get(`${base}/${plural}/:name/clusters`, options, async (request: Route) => {
      const account = await asked(gateway, request, kind, 'clusters');
      return { ...headOf(`${noun}Clusters`, account), clusters: await clustersOf(gateway, account) };
    });
  }
}

/** @throws PlatformError `not_found` whether or not there is one, `management_unavailable` */
async function asked(
  { cache, review }: Gateway,
  request: Route,
  kind: Account['kind'],
  subresource: string,
): Promise<Account> {
  const caller = callerOf(request);
  const { name } = request.params;
  const isOwn = caller.kind === kind ? caller.name === name : kind === 'team' && caller.teams.includes(name);
  const mayRead =
    isOwn || (await review.allows(caller.identity, { verb: 'get', resource: `${kind}s`, subresource, name }));
  const isThere = (kind === 'user' ? cache.user(name) : cache.team(name)) !== undefined;
  if (mayRead && isThere) return { kind, name };
  throw new PlatformError('not_found', `${kind} "${name}" not found, or you may not read this`);
}

/** As vCluster Platform has it; nobody has accounts in clusters any more. */
async function clustersOf({ cache, review }: Gateway, account: Account) {
  const identity = identityOf(cache, account);
  if (identity === undefined) return [];
  const clusters = await review.filter(identity, cache.clusters(), ({ metadata: { name } }) => ({
    verb: 'use',
    resource: 'clusters',
    name,
  }));
  return clusters.map((cluster) => ({
    accounts: [],
    cluster: { apiVersion: managementApiVersion, kind: 'Cluster', ...cluster },
  }));
}

function identityOf(cache: Gateway['cache'], { kind, name }: Account): RbacUser | undefined {
  if (kind === 'team') {
    const team = cache.team(name);
    return team && nameOfTeam(team);
  }
  const user = cache.user(name);
  return user && nameOfUser(user, teamsOf(user, cache.teams()));
}

function headOf(kind: string, { name }: Account) {
  return { apiVersion: managementApiVersion, kind, metadata: { name, creationTimestamp: null } };
}
