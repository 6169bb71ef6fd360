import { readConfigFile } from '../adapters/config-file.ts';
import { endFailedStart, endInOrder } from '../adapters/end-in-order.ts';
import { createLogger } from '../adapters/logging.ts';
import { AgentConfig } from '../contracts/agent-config.ts';
import { startAgent } from './agent.ts';

/** For open streams; what is left then is cut off. */
const drainMs = 8_000;
const graceMs = 9_500;

/**
 * The agent of a connected cluster: `node agent/main.ts --config <file>`. Says `agent ready` once it is connected, and
 * tries to be for as long as it takes. SIGTERM lets open streams end, then stops.
 */
async function main(): Promise<void> {
  const config = readConfigFile(AgentConfig);
  const logger = createLogger('agent', config.logLevel);
  const agent = startAgent(config, logger);
  endInOrder(() => agent.stop(drainMs), { delayMs: graceMs, logger });
  await agent.ready;
  console.log('agent ready');
}

await main().catch(endFailedStart);
