/**
 * `node tunnel-agent.ts <settings.json>`: agents' ends of tunnels, by the agent's own code, in one process. The API server of each, and
 * of each tenant cluster, is the bench's backend. Prints how many agents have a tunnel and how many tunnels there are, when that changes.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createLogger } from '../../adapters/logging.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { createPlatformApi } from '../../agent/platform-api.ts';
import { createServeStream } from '../../agent/serve-stream.ts';
import { createTunnelClient } from '../../agent/tunnel-client.ts';

export interface TunnelAgentSettings {
  /** Of the gateway, or of a relay before it. */
  readonly url: string;
  /** Path. */
  readonly caFile: string;
  readonly backendPort: number;
  /** Of each agent. */
  readonly credentials: readonly string[];
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as TunnelAgentSettings;
/** As agent/agent.ts has it. */
const writeBufferBytes = 1024 * 1024;
const logger = createLogger('bench', 'silent');
const dialBackend = () => dialTcp('127.0.0.1', settings.backendPort, { writeBufferBytes });
const serve = createServeStream(
  { apiServer: dialBackend, service: dialBackend, agentApi: createServer() },
  logger,
);
const platform = createPlatformApi(settings);
const agents = settings.credentials.map((credential) =>
  createTunnelClient({ connect: (slot) => platform.openTunnel(credential, 1, slot), serve, logger }),
);
let told = '';
setInterval(() => {
  const connected = agents.filter(({ open }) => open > 0).length;
  const state = `${connected} ${agents.reduce((sum, { open }) => sum + open, 0)}`;
  if (state !== told) console.log(state);
  told = state;
}, 20);
process.stdin.resume().once('end', () => process.exit()); // the bench is gone
