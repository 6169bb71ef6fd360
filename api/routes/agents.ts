import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  agentCredentialPrefix,
  AgentJoin,
  AgentJoined,
  agentPaths,
  joinKeyPrefix,
  NextCredential,
} from '../../contracts/agents.ts';
import { identities } from '../../contracts/names.ts';
import { hashOfBearer } from '../agents/authenticate-agent.ts';
import type { Gateway } from '../gateway.ts';

/** More than what agents send. */
const bodyLimit = 4096;
const failures = ['unauthenticated', 'conflict', 'management_unavailable', 'database_unavailable'] as const;

/** How agents of connected clusters get their credentials. They authenticate themselves: with a join key, or as an agent. */
export async function agentRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { agentJoins, authenticateAgent, logger } = gateway;

  app.post(
    agentPaths.join,
    {
      bodyLimit,
      onRequest: hasForm(joinKeyPrefix),
      config: {
        access: 'public',
        failures,
        curl: { data: '@agent.json', options: '-H "Authorization: Bearer $JOIN_KEY"' },
      },
      schema: {
        summary: 'Connect a cluster: the first credential of its agent',
        description:
          'For agents, with a join key as the bearer credential. The key is used up; the same request again does nothing. 409 if the cluster is connected already as another Cluster, or the Cluster is another cluster.',
        operationId: 'joinAgent',
        tags: ['clusters'],
        body: AgentJoin,
        response: { 200: AgentJoined },
      },
    },
    async (request) => {
      const cluster = await agentJoins.join(request.headers, request.body, (known) =>
        request.audit.concerns(known),
      );
      identify(request, 'join-key');
      logger.info({ cluster, agentVersion: request.body.agentVersion }, 'agent joined');
      return { cluster };
    },
  );

  app.post(
    agentPaths.credential,
    {
      bodyLimit,
      onRequest: hasForm(agentCredentialPrefix),
      config: {
        access: 'public',
        failures,
        curl: { data: '@credential.json', options: '-H "Authorization: Bearer $AGENT_CREDENTIAL"' },
      },
      schema: {
        summary: 'Rotate: the next credential of an agent',
        description:
          'For agents, with their credential as the bearer credential. The next one counts from its first use on, which ends the one before it.',
        operationId: 'rotateAgentCredential',
        tags: ['clusters'],
        body: NextCredential,
        response: { 204: Type.Null({ description: 'Noted' }) },
      },
    },
    async (request, reply) => {
      const agent = await authenticateAgent(request.headers);
      request.audit.concerns(agent.cluster);
      identify(request, 'agent');
      await agentJoins.setNext(agent, request.body.credentialHash);
      return reply.code(204).send(null);
    },
  );
}

/** Refuses what cannot be one before the body is read. */
function hasForm(prefix: Parameters<typeof hashOfBearer>[1]) {
  return async ({ headers }: FastifyRequest): Promise<void> => void hashOfBearer(headers, prefix);
}

/** Only once the credential was found to be good: refusals are those of unauthenticated callers, whose events are bounded. */
function identify(request: FastifyRequest, credentialKind: string): void {
  request.audit.identify({ user: identities.agent, groups: [], credentialKind });
}
