import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, PlatformError } from '../../contracts/errors.ts';
import { identities } from '../../contracts/names.ts';
import { type Identity, serviceAccountOf } from '../identity/identity.ts';
import { unknownIdentityMessage } from '../upstreams/impersonation-denied.ts';
import { createJsonClient, type JsonClient, statusMessage } from '../upstreams/json-request.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** Someone who acts as another inside a tenant cluster. */
interface Acting {
  /** Who it is. */
  readonly original: Identity;
  /** Whom they act as. */
  readonly identity: Identity;
}

/** What the gateway was let do as a service account is believed for so long. */
const provenMs = 30_000;
/** Until an API server decides by a role that it has just stored. */
const inForceMs = 3_000;
const proven = new WeakMap<Upstream, Map<string, number>>();

/**
 * Lets through who may impersonate by the tenant cluster's own RBAC, as at its API server itself: the gateway asks it as the
 * original user. For a service account it also sees to it, with the original user's rights, that the gateway may: by a Role and
 * RoleBinding for this one account.
 * @throws PlatformError `forbidden` with what is missing; `unreachable`
 */
export async function checkTenantImpersonation(
  upstream: Upstream,
  acting: Acting,
  unreachable: { code: ErrorCode; message: string },
): Promise<void> {
  const client = createJsonClient(upstream.dispatcher, unreachable);
  const account = serviceAccountOf(acting.identity.user);
  if (account === undefined) return checkUser(client, acting);
  const { namespace, name } = account;
  const asked = { verb: 'impersonate', group: '', resource: 'serviceaccounts', namespace, name };
  if (!(await mayInside(client, acting.original, asked)))
    throw refused(`service account "${namespace}/${name}"`, `serviceaccounts in namespace ${namespace}`);
  // The accounts of Kubernetes' own controllers can do nearly everything, and the role "edit" may impersonate them.
  const everything = { verb: '*', group: '*', resource: '*' };
  if (namespace.startsWith('kube-') && !(await mayInside(client, acting.original, everything)))
    throw new PlatformError(
      'forbidden',
      `only administrators of the tenant cluster may act as service accounts of namespace ${namespace}`,
    );
  const known = proven.get(upstream) ?? new Map<string, number>();
  proven.set(upstream, known);
  if (performance.now() - (known.get(acting.identity.user) ?? Number.NEGATIVE_INFINITY) < provenMs) return;
  if (!(await gatewayMay(client, acting.identity))) await letGateway(client, acting, namespace, name);
  known.set(acting.identity.user, performance.now());
}

/** Whom the gateway may act as there, the API server decides after this. */
async function checkUser(client: JsonClient, { original, identity }: Acting): Promise<void> {
  const ask = (resource: string, name?: string) =>
    mayInside(client, original, { verb: 'impersonate', group: '', resource, ...(name ? { name } : {}) });
  if (!(await ask('users', identity.user))) throw refused(`user "${identity.user}"`, 'users');
  if (await ask('groups')) return;
  for (const group of identity.groups) {
    // Not which one: they may be the user's own, which the caller need not know.
    if (!(await ask('groups', group))) throw new PlatformError('forbidden', unknownIdentityMessage);
  }
}

async function mayInside(client: JsonClient, who: Identity, resourceAttributes: object): Promise<boolean> {
  const answer = await client(who, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
  });
  return (answer.body as { status?: { allowed?: boolean } } | undefined)?.status?.allowed === true;
}

async function gatewayMay(client: JsonClient, account: Identity): Promise<boolean> {
  try {
    const answer = await client(account, {
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    return answer.status < 300;
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'forbidden') return false;
    throw error;
  }
}

async function letGateway(
  client: JsonClient,
  { original, identity }: Acting,
  namespace: string,
  account: string,
): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const name = `vcluster-platform:act-as:${account}`;
  const common = { apiVersion: `${group}/v1`, metadata: { name, namespace } };
  const rules = [
    { apiGroups: [''], resources: ['serviceaccounts'], resourceNames: [account], verbs: ['impersonate'] },
  ];
  const roleRef = { apiGroup: group, kind: 'Role', name };
  const subjects = [{ apiGroup: group, kind: 'User', name: identities.gateway }];
  for (const [plural, body] of [
    ['roles', { ...common, kind: 'Role', rules }],
    ['rolebindings', { ...common, kind: 'RoleBinding', roleRef, subjects }],
  ] as const) {
    const path = `/apis/${group}/v1/namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`;
    const answer = await client(original, {
      method: 'PATCH',
      path: `${path}?fieldManager=${encodeURIComponent(identities.gateway)}&force=true`,
      contentType: 'application/apply-patch+yaml',
      body,
    });
    if (answer.status >= 300)
      throw new PlatformError(
        'forbidden',
        `the gateway may not act as service account "${namespace}/${account}": an administrator of the tenant cluster lets it by Role and RoleBinding ${name} for user ${identities.gateway} (${statusMessage(answer)})`,
      );
  }
  const giveUpAt = performance.now() + inForceMs;
  while (!(await gatewayMay(client, identity)) && performance.now() < giveUpAt) await delay(50);
}

function refused(whom: string, resources: string): PlatformError {
  return new PlatformError(
    'forbidden',
    `you may not impersonate ${whom}: that needs verb impersonate on ${resources}, in the tenant cluster or (users and groups) in the management API`,
  );
}
