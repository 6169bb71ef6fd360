import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { AuditEvent, pathKinds } from '../../contracts/audit.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type { AuditFilter } from '../../db/queries/audit-events.ts';
import { administratorAction } from '../authorization/action.ts';
import type { Caller } from '../identity/caller.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';
import { dnsLabel, searchText, timestamp, timestampPattern, uuid, uuidPattern } from '../http/parameters.ts';

const defaultLimit = 100;
const maxLimit = 1_000;
const text = (description: string) => Type.Optional(searchText(253, description));
const id = (description: string) => Type.Optional(uuid(description));
const Digits = (pattern: string, description: string) => Type.Optional(Type.String({ pattern, description }));

const AuditQuery = Type.Object(
  {
    from: Type.Optional(timestamp('Received at or after this time')),
    to: Type.Optional(timestamp('Received before')),
    user: text('Real or effective user, as in Kubernetes'),
    project: Type.Optional(dnsLabel('Project that the request was about')),
    verb: text('As in Kubernetes: get, list, create, …'),
    kind: Type.Optional(Type.Enum([...pathKinds], { description: 'Part of the gateway' })),
    resource: text('Plural of the resource'),
    name: text('Name of the resource'),
    code: Digits('^[1-5][0-9][0-9]$', 'HTTP status of the response'),
    requestId: id('Id of a request (X-Request-Id of the response)'),
    operationId: id('Operation that the request started or joined'),
    limit: Digits('^([1-9][0-9]{0,2}|1000)$', `1 to ${maxLimit}; default ${defaultLimit}`),
    cursor: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]+$',
        maxLength: 200,
        description: '`next` of the previous page',
      }),
    ),
  },
  { additionalProperties: false },
);
type AuditQuery = Static<typeof AuditQuery>;

const AuditEvents = Type.Object(
  {
    items: Type.Array(Type.Ref('AuditEvent')),
    next: Type.Optional(Type.String({ description: 'Cursor of the next page; absent at the end' })),
  },
  { $id: 'AuditEvents', description: 'Audit events, newest first', additionalProperties: false },
);

/** The audit log, newest first: administrators see everything, project administrators their project, others what they did. */
export async function auditRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.addSchema(AuditEvent);
  app.addSchema(AuditEvents);
  app.get(
    '/api/v1/audit',
    {
      config: { access: 'authenticated', curl: { query: '?project=default&limit=10' } },
      schema: {
        summary: 'Audit events',
        description:
          'Audit events, newest first. Administrators of the platform see all, administrators of a project those of that project if they name it, all others their own requests.',
        operationId: 'listAuditEvents',
        tags: ['audit'],
        querystring: AuditQuery,
        response: { 200: Type.Ref('AuditEvents') },
      },
    },
    async (request) => {
      const filter = filterOf(request.query);
      const { sender, since } = await visibleTo(gateway, callerOf(request), request.query.project);
      const from = later(filter.from, since);
      // One more than requested shows whether there is a next page.
      const found = await gateway.audit.log.list({ ...filter, sender, from, limit: filter.limit + 1 });
      const items = found.slice(0, filter.limit);
      const last = items.at(-1);
      return found.length > items.length && last !== undefined ? { items, next: cursorOf(last) } : { items };
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

function filterOf({ from, to, kind, code, requestId, limit, cursor, ...equal }: AuditQuery): AuditFilter {
  const size = limit === undefined ? defaultLimit : Number(limit);
  return {
    ...equal,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
    pathKind: kind,
    code: code === undefined ? undefined : Number(code),
    id: requestId,
    before: cursor === undefined ? undefined : placeOf(cursor),
    limit: size,
  };
}

function cursorOf({ receivedAt, id }: AuditEvent): string {
  return Buffer.from(`${receivedAt} ${id}`).toString('base64url');
}

/** @throws PlatformError `invalid_request` */
function placeOf(cursor: string): { receivedAt: Date; id: string } {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ');
  const receivedAt = new Date(time);
  const isOurs = new RegExp(timestampPattern).test(time) && new RegExp(uuidPattern).test(id);
  if (!isOurs || Number.isNaN(receivedAt.getTime()))
    throw new PlatformError(
      'invalid_request',
      'the cursor does not belong to this list: leave it out to start again',
    );
  return { receivedAt, id };
}
