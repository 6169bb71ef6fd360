import { parseArgs } from 'node:util';
import { createLogger } from '../adapters/logging.ts';
import { loadConfig } from './config.ts';
import { startProcessNode } from './process-node.ts';

/**
 * `node node/main.ts --config file.json`. SIGTERM and SIGINT end the component and leave containers
 * running; SIGUSR2 stops all containers first.
 */
const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) {
  console.error('usage: node node/main.ts --config file.json');
  process.exit(2);
}
let stopBeforeReady: (() => void) | undefined = () => process.exit(0);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const) process.on(signal, () => stopBeforeReady?.());
try {
  const config = loadConfig(values.config);
  const logger = createLogger('process-node', config.logLevel);
  const node = await startProcessNode(config, logger);
  let ending: Promise<void> | undefined;
  const end = (how: 'stop' | 'drain') => {
    ending ??= node[how]().then(
      () => process.exit(0),
      (err: unknown) => {
        logger.error({ err }, `the node could not ${how}`);
        process.exit(1);
      },
    );
  };
  stopBeforeReady = undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end('stop'));
  process.on('SIGUSR2', () => end('drain'));
  console.log(`process node ${config.nodeName} is ready`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
