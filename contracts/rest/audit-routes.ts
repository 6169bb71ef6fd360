import { Type } from 'typebox';
import { type AuditEvent, pathKinds } from '../audit.ts';
import { exactly, nextField, type Page, pageFields } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel, timestamp, uuid } from './values.ts';

export const defaultAuditEvents = 100;

export const AuditEvents = Type.Object(
  { items: Type.Array(Type.Ref('AuditEvent')), ...nextField },
  { $id: 'AuditEvents', description: 'Audit events, newest first', additionalProperties: false },
);

export const auditRoutes = {
  listAuditEvents: {
    method: 'GET',
    path: '/api/v1/audit',
    operationId: 'listAuditEvents',
    summary: 'Audit events',
    description:
      'Audit events, newest first. Administrators of the platform see all, administrators of a project those of that project if they name it, all others their own requests.',
    tags: ['audit'],
    curl: { query: '?project=default&limit=10' },
    query: Type.Object(
      {
        from: Type.Optional(timestamp('Received at or after this time')),
        to: Type.Optional(timestamp('Received before')),
        user: exactly('Real or effective user'),
        project: Type.Optional(dnsLabel('Project that the request was about')),
        tenantCluster: exactly('Of the tenant cluster of this name'),
        space: exactly('Of the space of this name'),
        cluster: exactly('Of the connected cluster of this name'),
        verb: exactly('get, list, watch, create, update, patch, delete, …'),
        kind: Type.Optional(Type.Enum([...pathKinds], { description: 'Part of the gateway' })),
        resource: exactly('virtualclusterinstances, pods, …'),
        subresource: exactly('status, exec, …'),
        namespace: exactly('Namespace of the object'),
        name: exactly('Name of the object'),
        code: Type.Optional(
          Type.String({ pattern: '^[1-5][0-9][0-9]$', description: 'HTTP status of the response' }),
        ),
        requestId: Type.Optional(uuid('Id of a request (X-Request-Id of the response)')),
        operationId: Type.Optional(uuid('Operation that the request started or joined')),
        ...pageFields(['receivedAt'], { sort: '-receivedAt', limit: defaultAuditEvents }),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<Page<AuditEvent>>(Type.Ref('AuditEvents')),
  },
} as const satisfies Record<string, RestRoute>;
