import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { removeStateDir, startTestPlatform } from '../support/platform.ts';
import { benchAccess } from './access.ts';
import { benchConsole, consoleParts } from './console/bench-console.ts';
import { benchControlPlane } from './control-plane.ts';
import { benchGateway, gatewayParts } from './gateway.ts';
import { benchHeld } from './held.ts';
import { benchHeldFlood } from './held-flood.ts';
import { benchManyClusters } from './many-clusters.ts';
import { benchMemory } from './platform-memory.ts';
import { benchSleepers } from './sleepers.ts';
import { benchSteps } from './operation-steps.ts';
import { benchTunnel, tunnelParts } from './tunnel.ts';
import { benchUpdates } from './updates.ts';
import { benchWakesAtOnce } from './wakes-at-once.ts';

const platformParts = ['memory', 'control-plane', 'held', 'steps', 'updates'];
/** Only if asked for: they take minutes, or much memory. */
const largeParts = ['wakes', 'sleepers', 'held-flood', 'clusters'];
const help = `npm run bench: how long things take, each against the bare thing in the same run. Prints figures; asserts none.

  npm run bench                the whole platform, started for it
  npm run bench -- gateway     the gateway alone, under load, without a platform
  npm run bench -- access      members' lists and watches before a real management API
  npm run bench -- tunnel      both ends of an agent's tunnel against a direct dial
  npm run bench -- console     the web console before a large fleet, and many open consoles

  --only A,B       parts: ${platformParts.join(', ')}; if asked for: ${largeParts.join(', ')}; of the gateway: ${gatewayParts.join(', ')}; of access: watches, lists, events; of the tunnel: ${tunnelParts.join(', ')}; of the console: ${consoleParts.join(', ')} (default: all)
  --repeats N      how often each is measured (default 5)
  --sleepers N     tenant clusters that 1,000 first requests are for (default 20)
  --wakes N        tenant clusters of part wakes (default 8)
  --connections N  held requests of part held-flood (default 10000)
  --streams N      streams at once in part streams of the tunnel (default 10000)
  --clusters N     connected clusters of part clusters, ten tenant clusters in each (default 100)
  --count N        copies of a sleeper for part sleepers (default 10000)
  --fleet N        tenant clusters before the console (default 5000)
  --consoles N     open consoles of its part consoles (default 200)
  --snapshots DIR  part sleepers writes the heaps of gateway and controllers there
  --profile DIR    the gateway writes a CPU profile there
  --against DIR    compares with the gateway of another checkout in the same run
  --node-flags "…" further flags of the gateway's Node, to see what they change
  --help           this text
`;
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    repeats: { type: 'string', default: '5' },
    sleepers: { type: 'string', default: '20' },
    wakes: { type: 'string', default: '8' },
    connections: { type: 'string', default: '10000' },
    streams: { type: 'string', default: '10000' },
    clusters: { type: 'string', default: '100' },
    count: { type: 'string', default: '10000' },
    fleet: { type: 'string', default: '5000' },
    consoles: { type: 'string', default: '200' },
    snapshots: { type: 'string' },
    profile: { type: 'string' },
    against: { type: 'string' },
    'node-flags': { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (flags.help) {
  console.log(help);
  process.exit(0);
}
const repeats = Number(flags.repeats);
if (positionals.includes('gateway')) {
  await benchGateway({
    repeats,
    nodeFlags: [
      ...(flags['node-flags']?.split(' ') ?? []),
      ...(flags.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${flags.profile}`]),
    ],
    against: flags.against,
    ...(flags.only && { parts: flags.only.split(',') }),
  });
  process.exit(0);
}
if (positionals.includes('access')) {
  await benchAccess(flags.against, flags.only);
  process.exit(0);
}
if (positionals.includes('tunnel')) {
  await benchTunnel({
    repeats,
    streams: Number(flags.streams),
    ...(flags.only && { parts: flags.only.split(',') }),
  });
  process.exit(0);
}
const isConsole = positionals.includes('console');
const only = new Set(isConsole ? [] : (flags.only?.split(',') ?? platformParts));

const platform = await startTestPlatform();
console.log(`platform ready after ${(platform.startupMs / 1000).toFixed(1)} s (servers built already)\n`);
const showLoad = () => {
  const [minute = 0] = loadavg();
  console.log(`load average ${minute.toFixed(1)} on ${availableParallelism()} processors\n`);
};
showLoad();
try {
  if (isConsole)
    await benchConsole(platform, {
      fleet: Number(flags.fleet),
      consoles: Number(flags.consoles),
      repeats,
      parts: flags.only?.split(',') ?? consoleParts,
    });
  if (only.has('memory')) await benchMemory(platform);
  if (only.has('control-plane')) await benchControlPlane(platform, repeats);
  if (only.has('held')) await benchHeld(platform, Number(flags.sleepers));
  if (only.has('wakes')) await benchWakesAtOnce(platform, Number(flags.wakes));
  if (only.has('held-flood')) await benchHeldFlood(platform, Number(flags.connections));
  if (only.has('sleepers'))
    await benchSleepers(platform, { count: Number(flags.count), snapshots: flags.snapshots });
  if (only.has('clusters')) {
    const clusters = Number(flags.clusters);
    await benchManyClusters(platform, { clusters, tenants: 10 * clusters });
  }
  if (only.has('steps')) await benchSteps(platform, repeats);
  if (only.has('updates')) await benchUpdates(platform, repeats);
  showLoad();
} finally {
  await platform.stop();
  removeStateDir(platform.stateDir);
}
