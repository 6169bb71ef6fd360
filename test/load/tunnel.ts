import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs } from './cpu-time.ts';
import { sumMiB } from './memory.ts';
import { median } from './statistics.ts';
import type { Way } from './tunnel-gateway.ts';
import { benchTunnelledGateway } from './tunnel-gateways.ts';
import { benchGatewayRestart } from './tunnel-restart.ts';
import { startTunnelProcesses, type TunnelProcesses } from './tunnel-processes.ts';

/** Those of one tunnel between two processes. */
const nearParts = ['throughput', 'latency', 'memory', 'streams'] as const;
export const tunnelParts = [...nearParts, 'far', 'gateway', 'restart'] as const;

export interface TunnelBench {
  readonly repeats: number;
  /** Which figures; default all. */
  readonly parts?: readonly string[];
  /** Streams that are open at once in part streams. */
  readonly streams: number;
}

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const farMs = 25;
const ways: readonly Way[] = ['tcp', 'direct', 'tunnel'];
const labels: Record<Way, string> = {
  tcp: 'bare TCP',
  direct: 'direct dial, TLS',
  tunnel: 'through the tunnel',
};

/** Both ends of the agent's tunnel against a direct dial, in turn. */
export async function benchTunnel({ repeats, parts = tunnelParts, streams }: TunnelBench): Promise<void> {
  if (nearParts.some((part) => parts.includes(part))) await benchNear({ repeats, parts, streams });
  if (parts.includes('far')) await benchFar(repeats);
  if (parts.includes('gateway')) await benchTunnelledGateway(repeats);
  if (parts.includes('restart')) await benchGatewayRestart(repeats);
}

async function benchNear({ repeats, parts, streams }: Required<TunnelBench>): Promise<void> {
  const near = await startTunnelProcesses();
  try {
    // Compiled by then, as in processes that have run for a while.
    for (const direction of ['down', 'up'] as const)
      for (const way of ways)
        await near.run({ kind: 'bytes', way, direction, streams: 1, bytes: 512 * mebibyte });
    if (parts.includes('throughput')) await benchThroughput(near, repeats);
    if (parts.includes('latency')) await benchLatency(near, repeats);
    if (parts.includes('memory')) await benchMemory(near);
    if (parts.includes('streams')) await benchStreams(near, repeats, streams);
  } finally {
    await near.stop();
  }
}

function show(label: string, text: string): void {
  console.log(`  ${label.padEnd(31)} ${text}`);
}

interface Moved {
  readonly perSecond: number;
  readonly gatewayCpu: number;
  readonly agentCpu: number;
}

/** MB/s, and seconds of processor time for each GiB. */
async function move(
  { run, gatewayPid, agentPid }: TunnelProcesses,
  command: { way: Way; direction: 'down' | 'up'; streams: number; bytes: number },
): Promise<Moved> {
  const before = [cpuMs([gatewayPid]), cpuMs([agentPid])] as const;
  const { ms } = await run<{ ms: number }>({ kind: 'bytes', ...command });
  const perGiB = (spent: number) => (spent / 1000 / command.bytes) * gibibyte;
  return {
    perSecond: command.bytes / 1e6 / (ms / 1000),
    gatewayCpu: perGiB(cpuMs([gatewayPid]) - before[0]),
    agentCpu: perGiB(cpuMs([agentPid]) - before[1]),
  };
}

async function benchThroughput(processes: TunnelProcesses, repeats: number): Promise<void> {
  console.log(`tunnel: throughput, medians of ${repeats} (aim: 0.9 of the direct dial)`);
  for (const direction of ['down', 'up'] as const)
    for (const streams of [1, 8]) {
      const found = new Map(ways.map((way) => [way, [] as Moved[]]));
      for (let round = 0; round < repeats; round++)
        for (const [way, moved] of found)
          moved.push(await move(processes, { way, direction, streams, bytes: 256 * mebibyte }));
      const of = (way: Way, part: keyof Moved) => median((found.get(way) ?? []).map((moved) => moved[part]));
      console.log(`  ${direction === 'down' ? 'to the gateway' : 'from the gateway'}, ${streams} at once`);
      for (const way of ways)
        show(
          `  ${labels[way]}`,
          `${of(way, 'perSecond').toFixed(0)} MB/s, ${(of(way, 'perSecond') / of('direct', 'perSecond')).toFixed(2)} of direct; processor s/GiB: gateway ${of(way, 'gatewayCpu').toFixed(2)}${way === 'tunnel' ? `, agent ${of(way, 'agentCpu').toFixed(2)}` : ''}`,
        );
    }
  console.log();
}

/** Milliseconds. */
function quantiles(latencies: readonly number[]): { p50: number; p99: number } {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

const inMs = ({ p50, p99 }: { p50: number; p99: number }) => `${p50.toFixed(3)} / ${p99.toFixed(3)}`;

async function benchLatency({ run }: TunnelProcesses, repeats: number): Promise<void> {
  const found = new Map(ways.map((way) => [way, [] as { p50: number; p99: number }[]]));
  for (let round = 0; round < repeats; round++)
    for (const [way, measured] of found) {
      const { latencies } = await run<{ latencies: number[] }>({ kind: 'ping', way, count: 3_000 });
      measured.push(quantiles(latencies));
    }
  const of = (way: Way) => ({
    p50: median((found.get(way) ?? []).map(({ p50 }) => p50)),
    p99: median((found.get(way) ?? []).map(({ p99 }) => p99)),
  });
  console.log(
    `tunnel: one byte there and back, ms: p50 / p99, medians of ${repeats} (aim: adds ≤ 0.3 at p50)`,
  );
  for (const way of ways) {
    const added = { p50: of(way).p50 - of('direct').p50, p99: of(way).p99 - of('direct').p99 };
    show(labels[way], `${inMs(of(way))}${way === 'tunnel' ? `   added ${inMs(added)}` : ''}`);
  }
  console.log();
}

/** The highest memory of a process while something goes on, MiB. */
async function peakOf(pid: number, during: () => Promise<unknown>): Promise<number> {
  let peak = sumMiB([pid]);
  const watching = setInterval(() => {
    peak = Math.max(peak, sumMiB([pid]));
  }, 100);
  await during().finally(() => clearInterval(watching));
  return peak;
}

async function benchMemory(processes: TunnelProcesses): Promise<void> {
  const { gatewayPid, agentPid } = processes;
  console.log('tunnel: 1 GiB in one stream, memory MiB: before / at most');
  for (const direction of ['down', 'up'] as const) {
    await delay(3_000);
    const before = [sumMiB([gatewayPid]), sumMiB([agentPid])] as const;
    let agentPeak = 0;
    const gatewayPeak = await peakOf(gatewayPid, async () => {
      agentPeak = await peakOf(agentPid, () =>
        move(processes, { way: 'tunnel', direction, streams: 1, bytes: gibibyte }),
      );
    });
    show(
      direction === 'down' ? 'to the gateway' : 'from the gateway',
      `gateway ${before[0].toFixed(0)} / ${gatewayPeak.toFixed(0)}, agent ${before[1].toFixed(0)} / ${agentPeak.toFixed(0)}`,
    );
  }
  console.log();
}

/** Others' latency while one reader, and then many, take nothing of what comes. */
async function benchStreams(
  { run, gatewayPid, agentPid }: TunnelProcesses,
  repeats: number,
  streams: number,
): Promise<void> {
  const before = [sumMiB([gatewayPid]), sumMiB([agentPid])] as const;
  const startedAt = performance.now();
  await run({ kind: 'open', count: streams });
  const seconds = (performance.now() - startedAt) / 1000;
  const each = [sumMiB([gatewayPid]) - before[0], sumMiB([agentPid]) - before[1]].map(
    (mib) => `${((mib * 1024) / streams).toFixed(1)} KiB`,
  );
  const rate = { kind: 'rate', perSecond: 1_000, seconds: 6 } as const;
  const measure = async () => quantiles((await run<{ latencies: number[] }>(rate)).latencies);
  await measure();
  const found: Record<'none' | 'one', { p50: number; p99: number }[]> = { none: [], one: [] };
  for (let round = 0; round < repeats; round++) {
    found.none.push(await measure());
    await run({ kind: 'stall', count: 1 });
    await delay(1_000);
    found.one.push(await measure());
    await run({ kind: 'unstall' });
    await delay(500);
  }
  console.log(`tunnel: ${streams} streams in one tunnel, opened in ${seconds.toFixed(0)} s`);
  show('memory for each', `gateway ${each[0]}, agent ${each[1]} (TLS inside, and a TCP connection)`);
  for (const [label, measured] of [
    ['no reader is stalled', found.none],
    ['one reader is stalled', found.one],
  ] as const)
    show(
      label,
      `p50 / p99 ${inMs({ p50: median(measured.map(({ p50 }) => p50)), p99: median(measured.map(({ p99 }) => p99)) })} ms at 1,000/s (p99 of each: ${measured.map(({ p99 }) => p99.toFixed(1)).join(', ')})`,
    );
  const [gateway, agent] = [sumMiB([gatewayPid]), sumMiB([agentPid])];
  await run({ kind: 'stall', count: stalledMany });
  await delay(5_000);
  show(
    `${stalledMany} readers are stalled`,
    `memory of the gateway + ${(sumMiB([gatewayPid]) - gateway).toFixed(0)}, of the agent + ${(sumMiB([agentPid]) - agent).toFixed(0)} MiB`,
  );
  await run({ kind: 'unstall' });
  console.log();
}

const stalledMany = 200;

async function benchFar(repeats: number): Promise<void> {
  const far = await startTunnelProcesses({ delayMs: farMs });
  try {
    console.log(`tunnel: ${2 * farMs} ms round trip, medians of ${repeats} (aim: 100 MB/s)`);
    for (const direction of ['down', 'up'] as const)
      for (const streams of [1, 8]) {
        await move(far, { way: 'tunnel', direction, streams, bytes: 64 * mebibyte });
        const moved: Moved[] = [];
        for (let round = 0; round < repeats; round++)
          moved.push(await move(far, { way: 'tunnel', direction, streams, bytes: 512 * mebibyte }));
        show(
          `${direction === 'down' ? 'to the gateway' : 'from the gateway'}, ${streams} at once`,
          `${median(moved.map(({ perSecond }) => perSecond)).toFixed(0)} MB/s`,
        );
      }
    console.log();
  } finally {
    await far.stop();
  }
}
