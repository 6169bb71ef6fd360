import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { agentPaths, tunnelHeaders, tunnelProtocol, tunnelSlots } from '../../contracts/agents.ts';
import { errorTable, PlatformError } from '../../contracts/errors.ts';
import { asPlatformError } from '../http/failures.ts';
import { hasBody } from '../http/has-body.ts';
import { checkHeaders } from '../http/request-guard.ts';
import type { RequestLines } from '../http/request-lines.ts';
import { answerFailure, answerHead } from '../http/upgrade-response.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { AgentTunnels } from '../tunnel/agent-tunnels.ts';
import type { AuthenticateAgent } from './authenticate-agent.ts';

export interface AcceptTunnelDeps {
  readonly authenticateAgent: AuthenticateAgent;
  readonly tunnels: AgentTunnels;
  readonly lines: Pick<RequestLines, 'failed'>;
}

/** Whether a request to upgrade is for a tunnel, by its path alone. */
export function isTunnelRequest({ url = '' }: IncomingMessage): boolean {
  return url === agentPaths.tunnel;
}

/**
 * Lets an agent in: from then on its connection is a tunnel. Never rejects: every failure is answered here.
 * @returns status of the answer
 */
export async function acceptTunnel(
  { authenticateAgent, tunnels, lines }: AcceptTunnelDeps,
  { request, socket, head, id }: { request: IncomingMessage; socket: Duplex; head: Buffer; id: string },
): Promise<number> {
  const gone = () => socket.destroy();
  socket.on('error', gone);
  try {
    checkTunnelRequest(request, head);
    const { cluster, clusterUid, joinId } = await authenticateAgent(request.headers);
    const agentVersion = versionIn(request.headers);
    if (request.headers.upgrade !== tunnelProtocol) {
      await tunnels.noteVersion({ clusterUid, joinId, agentVersion });
      throw new PlatformError(
        'invalid_request',
        `this platform speaks ${tunnelProtocol} with agents: install the agent of version ${packageJson.version}`,
      );
    }
    const begin = await tunnels.accept({ ...placeIn(request), agentVersion, cluster, clusterUid, joinId });
    // Node's HTTP/2 takes the connection over from below: nothing may be under way on it.
    await written(
      socket,
      answerHead(101, 'Switching Protocols', { connection: 'Upgrade', upgrade: tunnelProtocol }),
    );
    begin(socket);
    return 101;
  } catch (error) {
    const failure = asPlatformError(error);
    const { status } = errorTable[failure.code];
    if (status >= 500) lines.failed({ reqId: id, isKnown: false }, { err: error, code: failure.code });
    answerFailure(socket, failure, id);
    return status;
  }
}

/** @throws PlatformError `invalid_request` */
function checkTunnelRequest(request: IncomingMessage, head: Buffer): void {
  checkHeaders(request);
  const { method, httpVersion } = request;
  if (method !== 'GET' || httpVersion !== '1.1' || hasBody(request) || head.length > 0)
    throw new PlatformError('invalid_request', 'a tunnel is opened by GET over HTTP/1.1, without a body');
}

/** @throws PlatformError `invalid_request` */
function placeIn({ headers }: IncomingMessage) {
  const generation = integerIn(headers, tunnelHeaders.generation, Number.MAX_SAFE_INTEGER);
  const slot = integerIn(headers, tunnelHeaders.slot, tunnelSlots - 1);
  return { generation, slot };
}

/** Empty if it does not say one. */
function versionIn(headers: IncomingMessage['headers']): string {
  const version = headers[tunnelHeaders.version];
  return typeof version === 'string' ? version.slice(0, 64) : '';
}

function integerIn(headers: IncomingMessage['headers'], name: string, max: number): number {
  const text = headers[name];
  const value = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max))
    throw new PlatformError('invalid_request', `header ${name} must be a number from 0 to ${max}`);
  return value;
}

function written(socket: Duplex, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, 'latin1', (error) => (error ? reject(error) : resolve()));
  });
}
