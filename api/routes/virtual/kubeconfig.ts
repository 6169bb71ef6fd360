import type { FastifyInstance } from 'fastify';
import { stringify } from 'yaml';
import { managementApiVersion, projectOfNamespace } from '../../../contracts/names.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { addressInUse } from '../../http/address-in-use.ts';
import { accessibleInstance } from '../../authorization/target-access.ts';
import type { Caller } from '../../identity/caller.ts';
import { boundByIssuer, tenantScope } from '../../auth/issuing.ts';
import type { Gateway } from '../../gateway.ts';
import { callerOf } from '../../plugins/access.ts';

/** Life of a key in a kubeconfig at most. */
const longestSeconds = 86_400;

/**
 * `POST …/virtualclusterinstances/{name}/kubeconfig`: a kubeconfig that goes through the gateway, at the address that
 * this request used, never with a credential of the cluster. With `spec.certificateTTL` (seconds, at most a day) it holds an access key that opens
 * this tenant cluster only and lives that long, and no longer than the key or session that asked for it; without, none:
 * `vcp token` gives kubectl the key that the CLI logged in with.
 */
export async function kubeconfigRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.post<{ Params: { namespace: string; name: string }; Body: unknown }>(
    '/kubernetes/management/apis/management.loft.sh/v1/namespaces/:namespace/virtualclusterinstances/:name/kubeconfig',
    { config: { access: 'authenticated', scope: 'kubernetes' }, schema: { hide: true } },
    async (request, reply) => {
      const { namespace, name } = request.params;
      const caller = callerOf(request);
      const project = projectOfNamespace(namespace);
      if (project === undefined)
        throw new PlatformError('tenant_cluster_not_found', `no project has the namespace "${namespace}"`);
      await accessibleInstance(gateway, caller, 'use', { kind: 'tenant', project, name });
      const ttl = askedTtl(request.body);
      const url = addressInUse(request.raw, gateway.publicUrl);
      const user =
        ttl === undefined ? execPlugin : { token: await issueKey(gateway, caller, { project, name, ttl }) };
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({
          apiVersion: managementApiVersion,
          kind: 'VirtualClusterInstanceKubeConfig',
          metadata: { name, namespace, creationTimestamp: null },
          spec: ttl === undefined ? {} : { certificateTTL: ttl },
          status: { kubeConfig: render({ url, project, name, user }, gateway.certificateAuthority) },
        });
    },
  );
}

function askedTtl(body: unknown): number | undefined {
  const { spec } = (body ?? {}) as { spec?: { certificateTTL?: unknown } | null };
  const ttl = spec?.certificateTTL;
  if (ttl === undefined || ttl === null || ttl === 0) return undefined;
  if (typeof ttl !== 'number' || !Number.isSafeInteger(ttl) || ttl < 0 || ttl > longestSeconds) {
    throw new PlatformError('invalid_request', `spec.certificateTTL is 1 to ${longestSeconds} seconds`);
  }
  return ttl;
}

/** A key of the caller's that opens one tenant cluster. */
async function issueKey(
  { accounts }: Gateway,
  { kind, name: owner, credential, identity }: Caller,
  { project, name, ttl }: { project: string; name: string; ttl: number },
): Promise<string> {
  const asked = {
    displayName: `Kubeconfig of tenant cluster ${name} in project ${project}`,
    [kind]: owner,
    type: 'Other',
    ttl,
    scope: tenantScope(identity.scope, { project, name }),
  } as const;
  return (await accounts.keys.issue(undefined, boundByIssuer(asked, credential, { named: false }))).key;
}

const execPlugin = {
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'vcp',
    args: ['token'],
    interactiveMode: 'Never',
    // `vcp token` gives the key for this server only.
    provideClusterInfo: true,
    installHint: 'the command vcp of vcluster-platform is not on PATH; install it and log in with: vcp login',
  },
};

function render(
  { url, project, name, user }: { url: string; project: string; name: string; user: object },
  certificateAuthority: string,
): string {
  const entry = `vcluster-platform-vcluster_${name}_${project}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: entry,
        cluster: {
          server: `${url}/kubernetes/project/${project}/virtualcluster/${name}`,
          'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64'),
        },
      },
    ],
    users: [{ name: entry, user }],
    contexts: [{ name: entry, context: { cluster: entry, user: entry } }],
    'current-context': entry,
  };
  return stringify(config, { version: '1.1' });
}
