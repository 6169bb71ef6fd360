import type { Way } from '../way.ts';
import { type Actor, management } from '../world.ts';

const mergePatch = { 'content-type': 'application/merge-patch+json' };
const instances = `${management}/namespaces/p-red/virtualclusterinstances`;
const unclaimed = '/api/v1/unclaimed-namespaces';
const made = (name: string, spec: object) => ({
  apiVersion: 'management.loft.sh/v1',
  kind: 'VirtualClusterInstance',
  metadata: { name },
  spec,
});

/** What a project requires, whose power a user's login is, what a key may make, and what an owner may not hide. */
export const policyWays: readonly Way[] = [
  ...(['rex', 'ria'] as const satisfies Actor[]).flatMap((who): Way[] => [
    ...[{}, { templateRef: {} }, { templateRef: { name: '' } }, { parameters: 'a: 1' }].map(
      (spec, index): Way => ({
        who,
        tries: `makes a tenant cluster of no template where one is required (${index})`,
        request: `POST ${instances}`,
        body: made(`plain-${who}-${index}`, spec),
        sees: 403,
        says: /requires a template/,
        verb: 'tenant:create',
      }),
    ),
    {
      who,
      tries: 'makes a key of bob by the resource itself',
      request: `POST ${management}/accesskeys`,
      body: {
        apiVersion: 'management.loft.sh/v1',
        kind: 'AccessKey',
        metadata: { name: `of-bob-${who}` },
        spec: { user: 'bob', keyHash: 'a'.repeat(64) },
      },
      sees: 403,
    },
    {
      who,
      tries: 'says how bob logs in',
      request: `PATCH ${management}/users/bob`,
      body: { metadata: { annotations: { 'vcluster-platform.io/oidc-identity': 'https://issuer eve' } } },
      headers: mergePatch,
      sees: [403, 404],
    },
  ]),
  ...(['ana', 'ria'] as const satisfies Actor[]).flatMap((who): Way[] => [
    {
      who,
      tries: "takes the platform's finalizer off, so that it runs on unseen",
      request: `PATCH ${instances}/dev`,
      body: { metadata: { finalizers: null } },
      headers: mergePatch,
      sees: 403,
      says: /belongs to the platform/,
      verb: 'tenant:delete',
    },
    {
      who,
      tries: 'takes its template away',
      request: `PATCH ${instances}/dev`,
      body: { spec: { templateRef: null } },
      headers: mergePatch,
      sees: 403,
      says: /requires a template/,
      verb: 'tenant:update',
    },
    { who, tries: 'lists what belongs to nobody', request: `GET ${unclaimed}`, sees: 403 },
    {
      who,
      tries: "deletes bob's host namespace as if it were nobody's",
      request: `DELETE ${unclaimed}/local/loft-blue-v-dev`,
      sees: 403,
    },
  ]),
  ...(['rex', 'ria'] as const satisfies Actor[]).flatMap((who): Way[] => [
    {
      who,
      tries: 'makes a space of a template that the project does not allow',
      request: `POST ${management}/namespaces/p-red/spaceinstances`,
      body: {
        apiVersion: 'management.loft.sh/v1',
        kind: 'SpaceInstance',
        metadata: { name: `room-${who}` },
        spec: { templateRef: { name: 'default' } },
      },
      sees: 403,
      says: /does not allow template default/,
      verb: 'space:create',
    },
    {
      who,
      tries: 'writes a template of spaces with privileged pods',
      request: `POST ${management}/spacetemplates`,
      body: {
        apiVersion: 'management.loft.sh/v1',
        kind: 'SpaceTemplate',
        metadata: { name: `open-${who}` },
        spec: { template: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } } },
      },
      sees: 403,
    },
  ]),
  {
    who: 'admin',
    tries: "deletes bob's host namespace as if it were nobody's",
    request: `DELETE ${unclaimed}/local/loft-blue-v-dev`,
    sees: 404,
  },
  {
    who: 'scoped',
    tries: 'makes a key that reaches further than its own',
    request: `POST ${management}/ownedaccesskeys`,
    body: { spec: {} },
    sees: 403,
  },
];
