import type { Way } from '../way.ts';
import { management } from '../world.ts';

const operations = '/kubernetes/management/apis/vcluster-platform.io/v1';
const storage = '/kubernetes/management/apis/storage.loft.sh/v1';

/** Resources of the management API that the gateway alone serves. */
export const virtualWays: readonly Way[] = [
  {
    who: 'scoped',
    tries: 'gets the key of a login for its own',
    request: 'POST /auth/session/key',
    sees: 403,
  },
  ...(['eve', 'bob'] as const).flatMap((who) =>
    ['templates', 'clusters', 'members'].map(
      (subresource): Way => ({
        who,
        tries: `reads what ana's project has: ${subresource}`,
        request: `GET ${management}/projects/red/${subresource}`,
        sees: 404,
      }),
    ),
  ),
  ...(['eve', 'bob', 'scoped'] as const).flatMap((who) => [
    ...['accesskey', 'agentconfig'].map(
      (subresource): Way => ({
        who,
        tries: `connects another cluster as the connected cluster: ${subresource}`,
        request: `GET ${management}/clusters/local/${subresource}`,
        sees: [403, 404],
        never: /vcpj_/,
      }),
    ),
    {
      who,
      tries: 'reads with what values agents are installed',
      request: 'GET /clusters/agent-values/local',
      // Who may see the cluster may; there is no secret in them.
      sees: [200, 403, 404],
      never: /vcp[ja]_/,
    },
    ...['join', 'credential'].map(
      (path): Way => ({
        who,
        tries: `is the agent of a connected cluster, with a key of a person: ${path}`,
        request: `POST /api/v1/agents/${path}`,
        body: { credentialHash: 'a'.repeat(64), clusterUid: 'a', agentVersion: '0.1.0' },
        sees: 401,
      }),
    ),
  ]),
  ...(['eve', 'bob'] as const).map(
    (who): Way => ({
      who,
      tries: "previews a template in ana's project",
      request: `POST ${management}/rendervirtualclustertemplates`,
      body: {
        spec: { templateRef: { name: 'default' }, loft: { project: 'red', name: 'dev', user: 'ana' } },
      },
      sees: 404,
    }),
  ),
  {
    who: 'bob',
    tries: 'renders values of his own where a template is required',
    request: `POST ${management}/rendervirtualclustertemplates`,
    body: { spec: { values: '{{ .Values.loft.user.email }}', loft: { project: 'blue', user: 'ana' } } },
    sees: 403,
  },
  {
    who: 'scoped',
    tries: 'previews a template with a key of one tenant cluster',
    request: `POST ${management}/rendervirtualclustertemplates`,
    body: { spec: { templateRef: { name: 'default' }, loft: { project: 'red' } } },
    sees: [403, 404],
  },
  {
    who: 'viv',
    tries: 'reads the log of a control plane that she may look into',
    request: `GET ${management}/namespaces/p-red/virtualclusterinstances/dev/log`,
    sees: 403,
  },
  ...(['eve', 'rex', 'bob'] as const).flatMap((who): Way[] => [
    ...['operations', 'namespaces/p-red/operations'].flatMap((collection): Way[] => [
      {
        who,
        tries: `lists ana's operations as objects: ${collection}`,
        request: `GET ${operations}/${collection}`,
        sees: 200,
        never: /"actor":"ana"/,
      },
      {
        who,
        tries: `watches ana's operations: ${collection}`,
        request: `GET ${operations}/${collection}?watch=true&timeoutSeconds=1`,
        sees: 200,
        never: /"actor":"ana"/,
      },
      {
        who,
        tries: `writes an operation: ${collection}`,
        request: `POST ${operations}/${collection}`,
        body: {},
        sees: 405,
      },
      ...(['PATCH', 'DELETE'] as const).map(
        (method): Way => ({
          who,
          tries: `writes all operations: ${method} ${collection}`,
          request: `${method} ${operations}/${collection}`,
          sees: 405,
        }),
      ),
    ]),
    {
      who,
      tries: "reads ana's operation as an object",
      request: ({ ids }) => `GET ${operations}/namespaces/p-red/operations/${ids.createOfAna}`,
      sees: 404,
    },
    {
      who,
      tries: "reads ana's operation as an object of their own project",
      request: ({ ids }) => `GET ${operations}/namespaces/p-blue/operations/${ids.createOfAna}`,
      sees: 404,
    },
    ...(['POST', 'PATCH', 'DELETE'] as const).map(
      (method): Way => ({
        who,
        tries: `writes ana's operation: ${method}`,
        request: ({ ids }) => `${method} ${operations}/namespaces/p-red/operations/${ids.createOfAna}`,
        sees: 405,
      }),
    ),
    {
      who,
      tries: "reads ana's tenant cluster by the other group's name",
      request: `GET ${storage}/namespaces/p-red/virtualclusterinstances/dev`,
      sees: [403, 404],
    },
    {
      who,
      tries: "deletes ana's tenant cluster by the other group's name",
      request: `DELETE ${storage}/namespaces/p-red/virtualclusterinstances/dev`,
      sees: [403, 404],
    },
    {
      who,
      tries: "changes ana's tenant cluster by the other group's name",
      request: `PATCH ${storage}/namespaces/p-red/virtualclusterinstances/dev`,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { apiVersion: 'storage.loft.sh/v1', spec: { displayName: 'theirs' } },
      sees: [403, 404],
    },
    {
      who,
      tries: "reads the log of ana's control plane",
      request: `GET ${management}/namespaces/p-red/virtualclusterinstances/dev/log`,
      sees: 404,
    },
    {
      who,
      tries: 'reads who ana is',
      request: `GET ${management}/users/ana/profile`,
      sees: 404,
    },
    ...['users/ana/permissions', 'users/ana/clusters', 'teams/anas/permissions', 'teams/anas/clusters'].map(
      (path): Way => ({
        who,
        tries: `reads what ana holds: ${path}`,
        request: `GET ${management}/${path}`,
        sees: 404,
      }),
    ),
    {
      who,
      tries: "reads the keys of ana's team",
      request: `GET ${management}/teams/anas/accesskeys`,
      sees: 403,
    },
    {
      who,
      tries: 'is ana',
      request: `GET ${management}/selves/ana`,
      sees: 404,
    },
    {
      who,
      tries: 'asks what ana may do',
      request: `POST ${management}/subjectaccessreviews`,
      body: {
        spec: {
          user: 'ana',
          groups: ['loft:user:ana'],
          resourceAttributes: { verb: 'get', resource: 'secrets' },
        },
      },
      sees: 403,
    },
    {
      who,
      tries: "asks whether they may use ana's tenant cluster",
      request: `POST ${management}/selfsubjectaccessreviews`,
      body: {
        spec: {
          resourceAttributes: {
            verb: 'use',
            group: 'management.loft.sh',
            resource: 'virtualclusterinstances',
            namespace: 'p-red',
            name: 'dev',
          },
        },
      },
      sees: 201,
      says: /"allowed":false/,
    },
  ]),
];
