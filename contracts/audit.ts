import { type Static, Type } from 'typebox';
import { managedKinds, nameFields } from './kinds.ts';

/**
 * How much of a request is kept, as in Kubernetes: `None` nothing, `Metadata` who did what to what, `Request` its body
 * too, `RequestResponse` the answer's body too.
 */
export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];

/** Which part of the gateway a request is for. */
export const pathKinds = [
  'management',
  'cluster',
  ...managedKinds,
  'rest',
  'login',
  'temporal',
  'other',
] as const;
export type PathKind = (typeof pathKinds)[number];

/**
 * How far an event has come. One row stands for one request: `attempted` when it is let through to its handler,
 * `streaming` while an upgraded connection is open, then one of the two ends. A row that stays `attempted` or
 * `streaming` shows that the gateway died in between.
 */
export const auditStages = ['attempted', 'streaming', 'complete', 'aborted', 'lost'] as const;

/** A rule of the policy: all conditions that it has must hold; the first rule that matches decides. `*` is any. */
export const AuditRule = Type.Object(
  {
    level: Type.Enum([...auditLevels]),
    users: Type.Optional(Type.Array(Type.String(), { description: 'User names as in Kubernetes' })),
    userGroups: Type.Optional(Type.Array(Type.String())),
    verbs: Type.Optional(Type.Array(Type.String(), { description: 'get, list, watch, create, update, …' })),
    resources: Type.Optional(
      Type.Array(
        Type.Object(
          {
            group: Type.Optional(Type.String({ description: '`""` is the core group; absent: any' })),
            resources: Type.Optional(
              Type.Array(Type.String(), {
                description: '`pods`, `pods/log` (a subresource), `pods/*`, `*/log`, `*` (also subresources)',
              }),
            ),
            resourceNames: Type.Optional(Type.Array(Type.String())),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    namespaces: Type.Optional(Type.Array(Type.String(), { description: '`""`: cluster-scoped objects' })),
    pathKinds: Type.Optional(Type.Array(Type.Enum([...pathKinds]))),
  },
  { additionalProperties: false },
);
export type AuditRule = Static<typeof AuditRule>;

/** What the gateway keeps of requests, where and for how long. */
export const AuditConfig = Type.Object(
  {
    /**
     * Rules used after `rules`: 1 (default) everything but reads, 2 reads too, both without bodies; 3 with the
     * requests' bodies, 4 with the answers' too.
     */
    preset: Type.Optional(Type.Integer({ minimum: 1, maximum: 4 })),
    rules: Type.Optional(Type.Array(AuditRule)),
    retentionDays: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Default 30' })),
    file: Type.Optional(
      Type.String({
        description: 'Path of a file to which events are also appended, one JSON object per line',
      }),
    ),
    queueLimit: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Maximum number of events waiting for PostgreSQL; default 10 000',
      }),
    ),
  },
  { additionalProperties: false },
);
export type AuditConfig = Static<typeof AuditConfig>;

const Optional = Type.Optional(Type.String());

/** A request to the gateway, its caller, and its outcome. */
export const AuditEvent = Type.Object(
  {
    id: Type.String({
      description: 'Id of the request (X-Request-Id of the response, Audit-ID at the API server)',
    }),
    receivedAt: Type.String({ format: 'date-time' }),
    stage: Type.Enum([...auditStages]),
    level: Type.Enum([...auditLevels]),
    user: Type.Optional(Type.String({ description: 'Real user, as in Kubernetes; absent: unauthenticated' })),
    impersonatedUser: Type.Optional(Type.String({ description: 'Effective user, if it was impersonated' })),
    credentialKind: Type.Optional(Type.String({ description: 'Kind of credential' })),
    credentialName: Type.Optional(Type.String({ description: 'Name of the access key' })),
    sourceAddress: Optional,
    userAgent: Optional,
    method: Type.String(),
    verb: Type.String(),
    pathKind: Type.Enum([...pathKinds]),
    path: Type.String({ description: 'Without the query' }),
    project: Optional,
    ...nameFields,
    cluster: Type.Optional(Type.String({ description: 'Connected cluster' })),
    apiGroup: Optional,
    resource: Optional,
    subresource: Optional,
    namespace: Optional,
    name: Optional,
    code: Type.Optional(Type.Integer({ description: 'HTTP status of the response' })),
    reason: Type.Optional(Type.String({ description: 'Error code, or why a stream ended' })),
    latencyMs: Type.Optional(Type.Integer({ description: 'Until the end of the response or stream' })),
    operationId: Type.Optional(Type.String({ description: 'Operation that was started or joined' })),
    sourceTenantCluster: Type.Optional(
      Type.String({ description: 'Tenant cluster whose snapshot a restore names' }),
    ),
    sourceUid: Type.Optional(Type.String({ description: 'Its uid, if given or resolved' })),
    lost: Type.Optional(Type.Integer({ description: 'Stage `lost`: number of events lost before this one' })),
    requestBody: Type.Optional(Type.Unknown()),
    responseBody: Type.Optional(Type.Unknown()),
  },
  { $id: 'AuditEvent', additionalProperties: false },
);
export type AuditEvent = Static<typeof AuditEvent>;
