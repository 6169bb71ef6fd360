/**
 * `npm run bench [-- --only memory,control-plane,steps,updates --repeats 5]`: how long things take, each against the
 * bare thing in the same run. Prints figures; asserts none. `npm run bench -- gateway [--only requests,latency,stream,watches]`
 * loads the gateway alone, without a platform; `--profile DIR` writes its CPU profile.
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { removeStateDir, startTestPlatform } from '../support/platform.ts';
import { benchControlPlane } from './control-plane.ts';
import { benchGateway } from './gateway.ts';
import { benchMemory } from './platform-memory.ts';
import { benchSteps } from './operation-steps.ts';
import { benchUpdates } from './updates.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    repeats: { type: 'string', default: '5' },
    profile: { type: 'string' },
  },
});
const repeats = Number(flags.repeats);
if (positionals.includes('gateway')) {
  await benchGateway({
    repeats,
    profileDir: flags.profile,
    ...(flags.only && { parts: flags.only.split(',') }),
  });
  process.exit(0);
}
const only = new Set((flags.only ?? 'memory,control-plane,steps,updates').split(','));

const platform = await startTestPlatform();
console.log(`platform ready after ${(platform.startupMs / 1000).toFixed(1)} s (servers built already)\n`);
const showLoad = () => {
  const [minute = 0] = loadavg();
  console.log(`load average ${minute.toFixed(1)} on ${availableParallelism()} processors\n`);
};
showLoad();
try {
  if (only.has('memory')) await benchMemory(platform);
  if (only.has('control-plane')) await benchControlPlane(platform, repeats);
  if (only.has('steps')) await benchSteps(platform, repeats);
  if (only.has('updates')) await benchUpdates(platform, repeats);
  showLoad();
} finally {
  await platform.stop();
  removeStateDir(platform.stateDir);
}
