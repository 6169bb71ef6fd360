import { AuthorizationV1Api, type V1RoleBinding } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { helmServiceAccount as serviceAccount } from '../../contracts/names.ts';
import { type ClusterClient, connectCluster } from './client.ts';
import { callKubernetes, orUndefined, unlessConflict } from './failures.ts';

export interface HelmToken {
  readonly token: string;
  /** Of `performance.now()`. */
  readonly expiresAtMs: number;
}

/** The shortest life that the API server gives. */
const tokenSeconds = 600;
const inForce = { attempts: 100, pauseMs: 50 };

/**
 * Makes Helm's identity in a host namespace, which is to be the platform's own: a ServiceAccount that holds what the
 * ClusterRole says, in this namespace and nowhere else. Idempotent; a binding that says something else is created again.
 * @returns whether any of it is new: the API server may not know the binding yet, and earlier tokens are of another account
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function grantHelm(client: ClusterClient, namespace: string, role: string): Promise<boolean> {
  return callKubernetes(`creating Helm's identity in namespace ${namespace}`, async () => {
    const made = await Promise.all([
      unlessConflict(
        client.core.createNamespacedServiceAccount({
          namespace,
          body: { metadata: { name: serviceAccount }, automountServiceAccountToken: false },
        }),
      ),
      bind(client, bindingOf(namespace, role)),
    ]);
    return made.includes(true);
  });
}

/** A token of that identity. @throws PlatformError `cluster_unreachable`, `forbidden` */
export async function requestHelmToken(client: ClusterClient, namespace: string): Promise<HelmToken> {
  const askedAt = performance.now();
  return callKubernetes(`requesting Helm's token in namespace ${namespace}`, async () => {
    const { status } = await client.core.createNamespacedServiceAccountToken({
      namespace,
      name: serviceAccount,
      body: { spec: { audiences: [], expirationSeconds: tokenSeconds } },
    });
    return { token: status?.token ?? '', expiresAtMs: askedAt + tokenSeconds * 1000 };
  });
}

/**
 * Waits until the API server knows a new binding: its authorizer reads a cache that follows.
 * @param kubeconfig of the identity
 * @throws PlatformError `chart_failed` if it never does: there is no such ClusterRole
 */
export async function waitUntilGranted(kubeconfig: string, namespace: string, role: string): Promise<void> {
  const reviews = connectCluster(kubeconfig).kubeConfig.makeApiClient(AuthorizationV1Api);
  const resourceAttributes = { namespace, verb: 'create', resource: 'secrets' };
  for (let attempt = 0; attempt < inForce.attempts; attempt += 1) {
    const { status } = await callKubernetes(
      `checking Helm's rights in namespace ${namespace}`,
      reviews.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } }),
    );
    if (status?.allowed === true) return;
    await new Promise((resolve) => setTimeout(resolve, inForce.pauseMs));
  }
  throw new PlatformError(
    'chart_failed',
    `the connected cluster does not have the ClusterRole ${role}, with which Helm installs the chart`,
  );
}

function bindingOf(namespace: string, role: string): V1RoleBinding {
  return {
    metadata: { name: serviceAccount },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: role,
    },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
  };
}

async function bind({ rbac }: ClusterClient, wanted: V1RoleBinding): Promise<boolean> {
  const namespace = wanted.subjects?.[0]?.namespace ?? '';
  const name = serviceAccount;
  if (await unlessConflict(rbac.createNamespacedRoleBinding({ namespace, body: wanted }))) return true;
  const present = await rbac.readNamespacedRoleBinding({ namespace, name });
  const [subject, ...others] = present.subjects ?? [];
  const isWanted =
    present.roleRef.kind === 'ClusterRole' &&
    present.roleRef.name === wanted.roleRef.name &&
    subject?.kind === 'ServiceAccount' &&
    subject.name === name &&
    subject.namespace === namespace &&
    others.length === 0;
  if (isWanted) return false;
  // What a binding gives cannot be changed.
  await orUndefined(rbac.deleteNamespacedRoleBinding({ namespace, name }));
  return unlessConflict(rbac.createNamespacedRoleBinding({ namespace, body: wanted }));
}
