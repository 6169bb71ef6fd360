import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accessibleInstance } from '../access/tenant-access.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { Gateway } from '../gateway.ts';
import { callerOf } from '../plugins/access.ts';
import { managementUnreachable } from './json-request.ts';
import { type Destination, proxy } from './proxy.ts';
import { type ManagementTarget, parseKubernetesPath, type TenantTarget } from './request-path.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** `/kubernetes/management/…` and `/kubernetes/project/<p>/virtualcluster/<v>/…`: carried through under the caller's identity. */
export async function proxyRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  // Bodies are streams here, whatever they are.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const target = parseKubernetesPath(request.raw.url ?? '');
    return target.kind === 'management'
      ? toManagement(request, reply, target)
      : toTenant(request, reply, target);
  };

  async function toManagement(
    request: FastifyRequest,
    reply: FastifyReply,
    target: ManagementTarget,
  ): Promise<void> {
    const destination: Destination = {
      connections: async () => gateway.management.dispatcher,
      refused: () => undefined,
      unreachable: managementUnreachable,
    };
    return proxy(request, reply, {
      target,
      caller: callerOf(request),
      destination,
      streams: gateway.streams,
    });
  }

  async function toTenant(request: FastifyRequest, reply: FastifyReply, target: TenantTarget): Promise<void> {
    const caller = callerOf(request);
    const { project, name } = target;
    const instance = await accessibleInstance(gateway, caller, 'use', project, name);
    checkAwake(instance, project);
    const destination: Destination = {
      connections: async () => (await gateway.tenants.get(instance)).dispatcher,
      refused: () => gateway.tenants.drop(instance),
      unreachable: {
        code: 'cluster_unreachable',
        message: `tenant cluster ${name} cannot be reached at the moment; try again`,
      },
    };
    return proxy(request, reply, { target, caller, destination, streams: gateway.streams });
  }

  app.route({ method: [...methods], url: '/kubernetes', config: { access: 'authenticated' }, handler });
  app.route({ method: [...methods], url: '/kubernetes/*', config: { access: 'authenticated' }, handler });
}

/** @throws PlatformError `sleeping`, or `cluster_unreachable` for one that was never up */
function checkAwake(instance: VirtualClusterInstance, project: string): void {
  const { name } = instance.metadata;
  const { phase = '', message = '', observedHash } = instance.status ?? {};
  if (phase === 'Sleeping') {
    throw new PlatformError(
      'sleeping',
      `tenant cluster ${name} sleeps; wake it with: vcp wakeup vcluster ${name} --project ${project}`,
    );
  }
  if (phase !== 'Ready' && observedHash === undefined) {
    const why = phase === 'Failed' ? `it could not be created: ${message}` : 'it is being created';
    throw new PlatformError('cluster_unreachable', `tenant cluster ${name} is not ready: ${why}`);
  }
}
