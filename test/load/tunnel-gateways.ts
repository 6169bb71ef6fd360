import { cpuMs } from './cpu-time.ts';
import { startGatewayProcesses } from './gateway-processes.ts';
import { tunnelledClusters } from './gateway-objects.ts';
import { median } from './statistics.ts';

const small = '/api/v1/namespaces/default/pods/small';
const bigLog = '/api/v1/namespaces/default/pods/big/log';
const gibibyte = 1024 ** 3;
const tenants = [
  { label: 'its cluster is dialled directly', path: '/kubernetes/project/bench/virtualcluster/bench' },
  { label: 'its cluster has an agent', path: '/kubernetes/project/bench/virtualcluster/far' },
] as const;

interface Found {
  readonly perCpuSecond: number[];
  readonly p50: number[];
  readonly p99: number[];
  readonly mbPerSecond: number[];
}

/** A tenant's path through a whole gateway: what clients notice of the tunnel. */
export async function benchTunnelledGateway(repeats: number): Promise<void> {
  const processes = await startGatewayProcesses({ logBytes: gibibyte / 2 });
  const { load, proxies } = processes;
  const { pid } = proxies[0];
  try {
    await processes.startAgents([tunnelledClusters[0] ?? '']);
    const found = tenants.map((tenant): typeof tenant & Found => ({
      ...tenant,
      perCpuSecond: [],
      p50: [],
      p99: [],
      mbPerSecond: [],
    }));
    for (const { path } of found)
      await load({ kind: 'saturate', target: 'gateway', path: path + small, at: 32, seconds: 3 });
    for (let round = 0; round < repeats; round++)
      for (const { path, perCpuSecond, p50, p99, mbPerSecond } of found) {
        const before = cpuMs([pid]);
        const saturate = { kind: 'saturate', target: 'gateway', path: path + small, at: 32 } as const;
        const { answered } = await load<{ answered: number }>({ ...saturate, seconds: 5 });
        perCpuSecond.push(answered / ((cpuMs([pid]) - before) / 1000));
        const rate = { kind: 'rate', target: 'gateway', path: path + small, perSecond: 300 } as const;
        const { latencies } = await load<{ latencies: number[] }>({ ...rate, seconds: 5 });
        const sorted = latencies.toSorted((a, b) => a - b);
        p50.push(sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN);
        p99.push(sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN);
        const streamed = { kind: 'stream', target: 'gateway', path: path + bigLog } as const;
        const { bytes, ms } = await load<{ bytes: number; ms: number }>(streamed);
        mbPerSecond.push(bytes / 1e6 / (ms / 1000));
      }
    console.log(`tunnel: a tenant cluster through a whole gateway, medians of ${repeats}`);
    for (const { label, perCpuSecond, p50, p99, mbPerSecond } of found)
      console.log(
        `  ${label.padEnd(31)} ${median(perCpuSecond).toFixed(0)} requests per CPU-second of the gateway, at 300/s p50 / p99 ${median(p50).toFixed(2)} / ${median(p99).toFixed(2)} ms, a stream ${median(mbPerSecond).toFixed(0)} MB/s`,
      );
    console.log();
  } finally {
    await processes.stop();
  }
}
