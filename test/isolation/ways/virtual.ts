import type { Way } from '../way.ts';
import { management } from '../world.ts';

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
  ...(['eve', 'rex', 'bob'] as const).flatMap((who): Way[] => [
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
