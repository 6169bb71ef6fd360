/**
 * `node tunnel-agent.ts <settings.json>`: the agent's end of the bench's tunnel, by the agent's own code, in a process of its own. Its API
 * server is the bench's backend.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createLogger } from '../../adapters/logging.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { createPlatformApi } from '../../agent/platform-api.ts';
import { createServeStream, streamBufferBytes } from '../../agent/serve-stream.ts';
import { createTunnelSession } from '../../agent/tunnel-session.ts';

export interface TunnelAgentSettings {
  /** Of the gateway's end, or of a relay before it. */
  readonly url: string;
  /** Path. */
  readonly caFile: string;
  readonly backendPort: number;
}

const { url, caFile, backendPort } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as TunnelAgentSettings;
const serve = createServeStream(
  {
    apiServer: () => dialTcp('127.0.0.1', backendPort),
    service: () => Promise.reject(new Error('the bench has no tenants')),
    agentApi: createServer(),
  },
  createLogger('bench', 'silent'),
);
const socket = await createPlatformApi({ url, caFile }).openTunnel('bench', 1, 0);
await createTunnelSession(socket, serve).closed;
process.exit(0);
