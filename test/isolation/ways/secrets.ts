import type { Way } from '../way.ts';
import { management } from '../world.ts';

const project = `${management}/namespaces/p-red/projectsecrets`;
const shared = `${management}/namespaces/loft/sharedsecrets`;
const merge = { 'content-type': 'application/merge-patch+json' };
/** Base64 of what stands in ana's secrets. */
const value = /Y2FuYXJ5LW9mLWFuYS02ZDFm/;
const secret = (kind: string, name: string) => ({ kind, metadata: { name }, spec: { data: { word: '' } } });

/** Secrets of project red: ana's `words`; of the platform: `motto`, which ana alone may read. */
export const secretWays: readonly Way[] = [
  ...(['eve', 'rex', 'bob', 'viv'] as const).flatMap((who): Way[] => [
    ...[`${project}/words`, `${shared}/motto`].flatMap((one): Way[] => {
      const kind = one.startsWith(project) ? 'ProjectSecret' : 'SharedSecret';
      const name = one.slice(one.lastIndexOf('/') + 1);
      return [
        { who, tries: `reads ana's secret ${name}`, request: `GET ${one}`, sees: 404, never: value },
        {
          who,
          tries: `replaces ana's secret ${name}`,
          request: `PUT ${one}`,
          body: secret(kind, name),
          sees: 404,
        },
        {
          who,
          tries: `gives themselves ana's secret ${name}`,
          request: `PATCH ${one}`,
          headers: merge,
          body: { spec: { owner: { user: who }, access: [{ verbs: ['*'], users: [who] }] } },
          sees: 404,
        },
        { who, tries: `deletes ana's secret ${name}`, request: `DELETE ${one}`, sees: 404 },
      ];
    }),
    ...['projectsecrets', 'sharedsecrets'].map(
      (plural): Way => ({
        who,
        tries: `lists all ${plural}`,
        request: `GET ${management}/${plural}`,
        sees: 200,
        never: value,
      }),
    ),
    {
      who,
      tries: "lists the secrets of ana's project",
      request: `GET ${project}`,
      sees: who === 'eve' || who === 'bob' ? 403 : 200,
      never: value,
    },
    { who, tries: 'lists shared secrets', request: `GET ${shared}`, sees: 200, never: value },
    {
      who,
      tries: 'makes a shared secret',
      request: `POST ${shared}`,
      body: secret('SharedSecret', `of-${who}`),
      sees: 403,
    },
    {
      who,
      tries: "reads the platform's own Secrets by the same path",
      request: `GET ${management}/namespaces/vcluster-platform/sharedsecrets/cluster-local-gateway`,
      sees: 404,
    },
    ...['vcluster-platform', 'vcluster-platform-passwords'].map(
      (namespace): Way => ({
        who,
        tries: `sets a password as the Secret that a user names: ${namespace}`,
        request: `POST /kubernetes/management/api/v1/namespaces/${namespace}/secrets`,
        body: {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'loft-password-abcde' },
          data: { password: Buffer.from('0'.repeat(64)).toString('base64') },
        },
        sees: 403,
      }),
    ),
    {
      who,
      tries: "reads ana's secret as the Secret that it is kept as",
      request: 'GET /kubernetes/management/api/v1/namespaces/p-red/secrets/words',
      sees: 403,
    },
  ]),
  ...(['eve', 'bob'] as const).map(
    (who): Way => ({
      who,
      tries: "makes a secret in ana's project",
      request: `POST ${project}`,
      body: secret('ProjectSecret', `of-${who}`),
      sees: 403,
    }),
  ),
  {
    who: 'rex',
    tries: "makes a secret of the name of ana's",
    request: `POST ${project}`,
    body: secret('ProjectSecret', 'words'),
    sees: 409,
  },
  {
    who: 'rex',
    tries: "makes the key that the project's snapshots are sealed with",
    request: `POST ${project}`,
    body: secret('ProjectSecret', 'snapshot-key'),
    sees: 400,
  },
  {
    who: 'ana',
    tries: 'gives away a secret that she may only read',
    request: `PATCH ${shared}/motto`,
    headers: merge,
    body: { spec: { access: [{ verbs: ['*'], users: ['ana'] }] } },
    sees: 403,
  },
  ...[project, `${project}/words`].map(
    (path): Way => ({
      who: 'scoped',
      tries: 'reads secrets with a key of one tenant cluster',
      request: `GET ${path}`,
      sees: 403,
    }),
  ),
];
