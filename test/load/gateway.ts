import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs } from './cpu-time.ts';
import { type GatewayProcesses, startGatewayProcesses } from './gateway-processes.ts';
import { sumMiB } from './memory.ts';
import { median } from './statistics.ts';

const tenant = '/kubernetes/project/bench/virtualcluster/bench';
const small = '/api/v1/namespaces/default/pods/small';
const bigLog = '/api/v1/namespaces/default/pods/big/log';
const watched = '/api/v1/namespaces/default/pods?watch=1';
const gibibyte = 1024 ** 3;
const watchCount = 5_000;
const perSecond = 1_000;

export const gatewayParts = ['requests', 'latency', 'stream', 'watches'] as const;

export interface GatewayBench {
  readonly repeats: number;
  /** Which figures; default all. */
  readonly parts?: readonly string[];
  /** Where the gateway writes a CPU profile when it stops. */
  readonly profileDir?: string | undefined;
}

/** The gateway under load: a tenant's path, with authentication, access decision, impersonation, metrics and trail. */
export async function benchGateway(options: GatewayBench): Promise<void> {
  const { repeats, parts = gatewayParts } = options;
  const processes = await startGatewayProcesses(gibibyte, options.profileDir);
  try {
    await warmUp(processes);
    if (parts.includes('requests')) await benchRequests(processes, repeats);
    if (parts.includes('latency')) await benchLatency(processes, repeats);
    if (parts.includes('stream')) await benchStream(processes);
    if (parts.includes('watches')) await benchWatches(processes);
  } finally {
    await processes.stop();
  }
}

async function warmUp({ load }: GatewayProcesses): Promise<void> {
  for (const target of ['direct', 'bare', 'gateway'])
    await load({ kind: 'saturate', target, path: pathOf(target), at: 32, seconds: 3 });
}

function pathOf(target: string): string {
  return target === 'gateway' ? `${tenant}${small}` : small;
}

async function benchRequests(
  { load, gatewayPid, barePid }: GatewayProcesses,
  repeats: number,
): Promise<void> {
  const figures = { gateway: [] as number[], bare: [] as number[] };
  for (let round = 0; round < repeats; round++) {
    for (const [target, pid] of [
      ['gateway', gatewayPid],
      ['bare', barePid],
    ] as const) {
      const before = cpuMs([pid]);
      const { answered } = await load<{ answered: number }>({
        kind: 'saturate',
        target,
        path: pathOf(target),
        at: 32,
        seconds: 5,
      });
      figures[target].push(answered / ((cpuMs([pid]) - before) / 1000));
    }
  }
  const [gateway, bare] = [median(figures.gateway), median(figures.bare)];
  console.log('gateway: requests per CPU-second of the proxy, median');
  console.log(`  gateway                         ${Math.round(gateway)} (aim ≥ 5000)`);
  console.log(
    `  bare @fastify/reply-from        ${Math.round(bare)}   ratio ${(gateway / bare).toFixed(2)}\n`,
  );
}

async function benchLatency({ load }: GatewayProcesses, repeats: number): Promise<void> {
  const found: Record<string, { p50: number[]; p99: number[] }> = {};
  for (let round = 0; round < repeats; round++) {
    for (const target of ['direct', 'bare', 'gateway']) {
      const { latencies } = await load<{ latencies: number[] }>({
        kind: 'rate',
        target,
        path: pathOf(target),
        perSecond,
        seconds: 10,
      });
      const sorted = latencies.sort((a, b) => a - b);
      const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
      const { p50, p99 } = (found[target] ??= { p50: [], p99: [] });
      p50.push(at(0.5));
      p99.push(at(0.99));
    }
  }
  const of = (target: string, part: 'p50' | 'p99') => median(found[target]?.[part] ?? []);
  console.log(`gateway: latency at ${perSecond} requests/s, ms: p50 / p99, median of ${repeats}`);
  for (const target of ['direct', 'bare', 'gateway'])
    console.log(`  ${target.padEnd(31)} ${of(target, 'p50').toFixed(2)} / ${of(target, 'p99').toFixed(2)}`);
  const added = (part: 'p50' | 'p99') => (of('gateway', part) - of('direct', part)).toFixed(2);
  console.log(`  added by the gateway            ${added('p50')} / ${added('p99')} (aim ≤ 2 / ≤ 10)\n`);
}

async function benchWatches({ load, gatewayPid }: GatewayProcesses): Promise<void> {
  const before = sumMiB([gatewayPid]);
  const startedAt = performance.now();
  await load({ kind: 'watch', target: 'gateway', path: `${tenant}${watched}`, count: watchCount });
  const seconds = (performance.now() - startedAt) / 1000;
  await delay(10_000);
  const each = ((sumMiB([gatewayPid]) - before) * 1024) / watchCount;
  const cpuBefore = cpuMs([gatewayPid]);
  await delay(10_000);
  const idle = (cpuMs([gatewayPid]) - cpuBefore) / 100;
  await load({ kind: 'close' });
  console.log(`gateway: ${watchCount} idle watches, opened in ${seconds.toFixed(0)} s`);
  console.log(`  memory of the gateway for each  ${each.toFixed(1)} KiB (two TLS connections)`);
  console.log(`  processor while they are idle   ${idle.toFixed(1)} %\n`);
}

async function benchStream({ load, gatewayPid }: GatewayProcesses): Promise<void> {
  await delay(5_000);
  const before = sumMiB([gatewayPid]);
  let peak = before;
  const watching = setInterval(() => {
    peak = Math.max(peak, sumMiB([gatewayPid]));
  }, 200);
  const cpuBefore = cpuMs([gatewayPid]);
  const { bytes, ms } = await load<{ bytes: number; ms: number }>({
    kind: 'stream',
    target: 'gateway',
    path: `${tenant}${bigLog}`,
  });
  clearInterval(watching);
  console.log(`gateway: a stream of ${(bytes / gibibyte).toFixed(2)} GiB`);
  console.log(`  throughput                      ${Math.round(bytes / 1024 ** 2 / (ms / 1000))} MiB/s`);
  console.log(`  processor                       ${((cpuMs([gatewayPid]) - cpuBefore) / 1000).toFixed(1)} s`);
  console.log(`  memory before / at most         ${Math.round(before)} / ${Math.round(peak)} MiB\n`);
}
