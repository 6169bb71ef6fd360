import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs } from './cpu-time.ts';
import { createPauses, type Pauses } from './gateway-pauses.ts';
import { benchReadiness } from './gateway-readiness.ts';
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

export const gatewayParts = ['requests', 'latency', 'stream', 'watches', 'readiness'] as const;

export interface GatewayBench {
  readonly repeats: number;
  /** Which figures; default all. */
  readonly parts?: readonly string[];
  /** Further flags of the gateway's Node. */
  readonly nodeFlags?: readonly string[] | undefined;
  /** Folder of another checkout to compare with, in the same run. */
  readonly against?: string | undefined;
}

/** The gateway under load: a tenant's path, with authentication, access decision, impersonation, metrics and trail. */
export async function benchGateway(options: GatewayBench): Promise<void> {
  const { repeats, parts = gatewayParts, nodeFlags, against } = options;
  const processes = await startGatewayProcesses({ logBytes: gibibyte, nodeFlags, against });
  try {
    await warmUp(processes);
    if (parts.includes('requests')) await benchRequests(processes, repeats);
    if (parts.includes('latency')) await benchLatency(processes, repeats);
    if (parts.includes('stream')) await benchStream(processes);
    if (parts.includes('watches')) await benchWatches(processes);
    if (parts.includes('readiness')) await benchReadiness(processes);
  } finally {
    await processes.stop();
  }
}

const labels: Record<string, string> = {
  direct: 'backend alone',
  bare: 'bare @fastify/reply-from',
  gateway: 'gateway',
  against: 'gateway of the other checkout',
};

function show(target: string, text: string): void {
  console.log(`  ${(labels[target] ?? target).padEnd(31)} ${text}`);
}

async function warmUp({ load, proxies }: GatewayProcesses): Promise<void> {
  for (const target of ['direct', ...proxies.map((proxy) => proxy.target)])
    await load({ kind: 'saturate', target, path: pathOf(target), at: 32, seconds: 3 });
}

function pathOf(target: string): string {
  return target === 'bare' || target === 'direct' ? small : `${tenant}${small}`;
}

async function benchRequests({ load, proxies }: GatewayProcesses, repeats: number): Promise<void> {
  const figures = proxies.map(({ target, pid }) => ({ target, pid, perCpuSecond: [] as number[] }));
  for (let round = 0; round < repeats; round++) {
    for (const { target, pid, perCpuSecond } of figures) {
      const before = cpuMs([pid]);
      const { answered } = await load<{ answered: number }>({
        kind: 'saturate',
        target,
        path: pathOf(target),
        at: 32,
        seconds: 5,
      });
      perCpuSecond.push(answered / ((cpuMs([pid]) - before) / 1000));
    }
  }
  console.log(`gateway: requests per CPU-second of the proxy, median of ${repeats} (aim ≥ 5000)`);
  const bare = median(figures.find(({ target }) => target === 'bare')?.perCpuSecond ?? []);
  for (const { target, perCpuSecond } of figures) {
    const figure = median(perCpuSecond);
    show(target, `${Math.round(figure)}   ratio to bare ${(figure / bare).toFixed(2)}`);
  }
  console.log();
}

/** What was not used for a while a machine may have paged out, code too; who comes first then pays for all. */
const warmSeconds = 2;

/** The same rate at the backend alone and through the bare proxy tells what of a tail is the machine's. */
async function benchLatency({ load, proxies }: GatewayProcesses, repeats: number): Promise<void> {
  const { metricsUrl = '' } = proxies[0];
  const pausesNow = createPauses(metricsUrl);
  const pauses: Pauses[] = [];
  const targets = ['direct', ...proxies.map(({ target }) => target)];
  const found = new Map(targets.map((target) => [target, { p50: [] as number[], p99: [] as number[] }]));
  for (let round = 0; round < repeats; round++) {
    for (const [target, { p50, p99 }] of found) {
      const rate = { kind: 'rate', target, path: pathOf(target), perSecond } as const;
      await load({ ...rate, seconds: warmSeconds });
      if (target === 'gateway') await pausesNow(); // counted from here
      const { latencies } = await load<{ latencies: number[] }>({ ...rate, seconds: 10 });
      if (target === 'gateway') pauses.push(await pausesNow());
      const sorted = latencies.sort((a, b) => a - b);
      const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
      p50.push(at(0.5));
      p99.push(at(0.99));
    }
  }
  const of = (target: string, part: 'p50' | 'p99') => median(found.get(target)?.[part] ?? []);
  const added = (target: string, part: 'p50' | 'p99') => of(target, part) - of('direct', part);
  console.log(`gateway: latency at ${perSecond} requests/s, ms: p50 / p99, median of ${repeats}`);
  show('direct', `${of('direct', 'p50').toFixed(2)} / ${of('direct', 'p99').toFixed(2)}`);
  for (const { target } of proxies)
    show(
      target,
      `${of(target, 'p50').toFixed(2)} / ${of(target, 'p99').toFixed(2)}   added ${added(target, 'p50').toFixed(2)} / ${added(target, 'p99').toFixed(2)}`,
    );
  console.log('  (aim for what the gateway adds: ≤ 2 / ≤ 10)');
  showPauses(pauses);
}

/** What of the tail is the gateway's own. */
function showPauses(pauses: readonly Pauses[]): void {
  const of = (part: keyof Pauses) => median(pauses.map((pause) => pause[part]));
  console.log(
    `  in the gateway itself in 10 s   garbage collected ${of('collections')} times, ${of('collectionMs').toFixed(0)} ms in all; event loop late p99 ${of('lateP99Ms').toFixed(1)}, at most ${of('lateMaxMs').toFixed(1)} ms\n`,
  );
}

async function benchWatches({ load, proxies }: GatewayProcesses): Promise<void> {
  const { pid: gatewayPid } = proxies[0];
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

async function benchStream({ load, proxies }: GatewayProcesses): Promise<void> {
  const { pid: gatewayPid } = proxies[0];
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
