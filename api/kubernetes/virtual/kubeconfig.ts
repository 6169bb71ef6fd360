import type { FastifyInstance } from 'fastify';
import { stringify } from 'yaml';
import { managementApiVersion, projectOfNamespace } from '../../../contracts/names.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { accessibleInstance } from '../../access/tenant-access.ts';
import type { Gateway } from '../../gateway.ts';
import { callerOf } from '../../plugins/access.ts';

/**
 * `POST …/virtualclusterinstances/{name}/kubeconfig`: a kubeconfig that goes through the gateway. It holds no
 * credential: `vcp token` gives kubectl the access key that the CLI logged in with.
 */
export async function kubeconfigRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.post<{ Params: { namespace: string; name: string } }>(
    '/kubernetes/management/apis/management.loft.sh/v1/namespaces/:namespace/virtualclusterinstances/:name/kubeconfig',
    { config: { access: 'authenticated' }, schema: { hide: true } },
    async (request, reply) => {
      const { namespace, name } = request.params;
      const project = projectOfNamespace(namespace);
      if (project === undefined)
        throw new PlatformError(
          'tenant_cluster_not_found',
          `there is no project with namespace "${namespace}"`,
        );
      await accessibleInstance(gateway, callerOf(request), 'use', project, name);
      return reply.code(201).send({
        apiVersion: managementApiVersion,
        kind: 'VirtualClusterInstanceKubeConfig',
        metadata: { name, namespace, creationTimestamp: null },
        spec: {},
        status: { kubeConfig: render(gateway, project, name) },
      });
    },
  );
}

function render(gateway: Gateway, project: string, name: string): string {
  const entry = `vcluster-platform-vcluster_${name}_${project}`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: entry,
        cluster: {
          server: `${gateway.publicUrl}/kubernetes/project/${project}/virtualcluster/${name}`,
          'certificate-authority-data': Buffer.from(gateway.certificateAuthority).toString('base64'),
        },
      },
    ],
    users: [
      {
        name: entry,
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'vcp',
            args: ['token'],
            interactiveMode: 'Never',
            installHint: 'the command vcp of vcluster-platform is not on the PATH; log in with: vcp login',
          },
        },
      },
    ],
    contexts: [{ name: entry, context: { cluster: entry, user: entry } }],
    'current-context': entry,
  });
}
