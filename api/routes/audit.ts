import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { AuditEvent } from '../../contracts/audit.ts';
import { projectNamespace } from '../../contracts/names.ts';
import { AuditEvents, auditRoutes as routes, defaultAuditEvents } from '../../contracts/rest/audit-routes.ts';
import type { QueryOf } from '../../contracts/rest/route.ts';
import { timestampPattern, uuidPattern } from '../../contracts/rest/values.ts';
import type { AuditFilter } from '../../db/queries/audit-events.ts';
import { administratorAction } from '../authorization/action.ts';
import type { Gateway } from '../gateway.ts';
import { cursorOf, foreignCursor, placeOf, timeOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';
import type { Caller } from '../identity/caller.ts';
import { callerOf } from '../plugins/access.ts';

const isTimestamp = new RegExp(timestampPattern);
const isUuid = new RegExp(uuidPattern);

type AuditQuery = QueryOf<typeof routes.listAuditEvents>;

/** The audit log, newest first: administrators see everything, project administrators their project, others what they did. */
export async function auditRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(AuditEvent);
  app.addSchema(AuditEvents);
  app.get(
    routes.listAuditEvents.path,
    restRoute(routes.listAuditEvents, { access: 'authenticated' }),
    async (request) => {
      const { query } = request;
      const sort = query.sort ?? '-receivedAt';
      const filter = filterOf(query, sort);
      const { sender, since } = await visibleTo(gateway, callerOf(request), query.project);
      const from = later(filter.from, since);
      // One more than requested shows whether there is a next page.
      const found = await gateway.audit.log.list({ ...filter, sender, from, limit: filter.limit + 1 });
      const items = found.slice(0, filter.limit);
      const last = items.at(-1);
      return found.length > items.length && last !== undefined
        ? { items, next: cursorOf(sort, last.receivedAt, last.id) }
        : { items };
    },
  );
}

/**
 * What narrows the list to what the caller may see. Events name people and projects, and the next one of a name is another:
 * what was before it was made is not its own.
 */
async function visibleTo(
  { review, cache }: Pick<Gateway, 'review' | 'cache'>,
  { identity, kind, name }: Caller,
  project: string | undefined,
): Promise<{ sender?: string; since?: string | undefined }> {
  if (await review.allows(identity, administratorAction)) return {};
  if (project !== undefined) {
    const everything = {
      verb: '*',
      resource: 'virtualclusterinstances',
      namespace: projectNamespace(project),
    };
    const found = cache.projects().find(({ metadata }) => metadata.name === project);
    if (found !== undefined && (await review.allows(identity, everything)))
      return { since: found.metadata.creationTimestamp };
  }
  const account = kind === 'user' ? cache.user(name) : cache.team(name);
  return { sender: identity.user, since: account?.metadata.creationTimestamp };
}

function later(from: Date | undefined, since: string | undefined): Date | undefined {
  const other = since === undefined ? undefined : new Date(since);
  if (from === undefined || other === undefined) return from ?? other;
  return from > other ? from : other;
}

function filterOf(
  { from, to, kind, code, requestId, limit, cursor, sort: _sort, ...equal }: AuditQuery,
  sort: string,
): AuditFilter {
  return {
    ...equal,
    from: timeOf('from', from),
    to: timeOf('to', to),
    pathKind: kind,
    code: code === undefined ? undefined : Number(code),
    id: requestId,
    after: cursor === undefined ? undefined : eventAt(cursor, sort),
    isOldestFirst: sort === 'receivedAt',
    limit: limit === undefined ? defaultAuditEvents : Number(limit),
  };
}

/** @throws PlatformError `invalid_request` */
function eventAt(cursor: string, sort: string): { receivedAt: Date; id: string } {
  const [time, id] = placeOf(cursor, sort, 'receivedAt', 'id');
  if (!isTimestamp.test(time) || !isUuid.test(id)) throw foreignCursor();
  const receivedAt = new Date(time);
  if (Number.isNaN(receivedAt.getTime())) throw foreignCursor();
  return { receivedAt, id };
}
