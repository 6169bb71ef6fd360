import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { GatewayProcesses } from './gateway-processes.ts';

const strangers = 200;
const seconds = 10;

interface Calls {
  readonly management: number;
  readonly temporal: number;
  readonly database: number;
}

/** What `/readyz` answers to many who are nobody, and how often it asks the servers it stands on for them. */
export async function benchReadiness({ load, proxies }: GatewayProcesses): Promise<void> {
  console.log(`gateway: /readyz under ${strangers} strangers for ${seconds} s`);
  for (const { target, databaseUrl } of proxies) {
    if (databaseUrl === undefined) continue;
    const calls = async (): Promise<Calls> => ({
      ...(await load<{ management: number; temporal: number }>({
        kind: 'get',
        target: 'direct',
        path: '/calls',
      })),
      database: await transactionsOf(databaseUrl),
    });
    const before = await calls();
    const { statuses, latencies } = await load<{ statuses: Record<string, number>; latencies: number[] }>({
      kind: 'strangers',
      target,
      path: '/readyz',
      count: strangers,
      seconds,
    });
    await delay(2_000); // statistics of PostgreSQL come late
    const after = await calls();
    const sorted = latencies.sort((a, b) => a - b);
    const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(0);
    const ok = (100 * (statuses['200'] ?? 0)) / sorted.length;
    const asked = (['database', 'management', 'temporal'] as const)
      .map((part) => `${part} ${after[part] - before[part]}`)
      .join(', ');
    console.log(
      `  ${target.padEnd(8)} ${sorted.length} answers, ${ok.toFixed(1)} % of them 200 ${JSON.stringify(statuses)}; ` +
        `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; asked: ${asked}`,
    );
  }
  console.log();
}

/** Of the database that the URL names, so far. */
async function transactionsOf(databaseUrl: string): Promise<number> {
  const url = new URL(databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  const { rows } = await client.query<{ n: string }>(
    'select xact_commit + xact_rollback as n from pg_stat_database where datname = $1',
    [name],
  );
  await client.end();
  return Number(rows[0]?.n ?? 0);
}
