import type { FastifyReply, FastifyRequest } from 'fastify';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import { readsOwnAccount } from '../../authorization/own-account.ts';
import type { Gateway } from '../../gateway.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import type { Caller } from '../../identity/caller.ts';
import { acceptedJson, readAsReader, textOf } from './reader.ts';

const timeoutMs = 30_000;

/** Whether a request reads the account of its caller, which RBAC would refuse. @throws PlatformError `management_unavailable` */
export async function isOfOwnAccount(
  { review }: Pick<Gateway, 'review'>,
  caller: Caller,
  method: string,
  target: KubernetesTarget,
): Promise<boolean> {
  if (target.kind !== 'management' || method !== 'GET') return false;
  const { verb, resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || !readsOwnAccount(caller, { verb, ...resource })) return false;
  return !(await review.authorizes(caller.identity, { verb, ...resource }));
}

/** Serves such a request by the gateway's own right to read accounts. @throws PlatformError `management_unavailable` */
export async function serveOwnAccount(
  request: FastifyRequest,
  reply: FastifyReply,
  gateway: Pick<Gateway, 'management'>,
  { upstreamPath }: KubernetesTarget,
): Promise<FastifyReply> {
  const accept = acceptedJson(request.headers.accept);
  const answer = await readAsReader(gateway, upstreamPath, accept, AbortSignal.timeout(timeoutMs));
  const text = await textOf(answer);
  const { 'content-type': contentType = 'application/json' } = answer.headers;
  return reply.code(answer.statusCode).header('content-type', contentType).send(text);
}
