import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { managementApiVersion } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import { agentSpace } from '../../local/node-program.ts';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';
import { type BenchChild, createBenchChildren, nextLine, untilLine } from './bench-children.ts';
import { cpuMs } from './cpu-time.ts';
import type { ManyAgentsSettings } from './many-agents.ts';
import { sumMiB } from './memory.ts';
import { seedSleepers, sleeperName } from './seeded-sleepers.ts';
import { applyInstance, endedOperation, operate } from './tenant.ts';

const clustersPath = '/kubernetes/management/apis/management.loft.sh/v1/clusters';
const ours = ['gateway', 'controllers', 'worker', 'agent'] as const;
const restMs = 60_000;

/**
 * What many connected clusters cost, their agents in one process before fake API servers: memory, time until all are set up, starts, and
 * what is asked of them, of the management API and of PostgreSQL while nothing happens.
 */
export async function benchManyClusters(
  platform: TestPlatform,
  { clusters, tenants }: { clusters: number; tenants: number },
): Promise<void> {
  const model = sleeperName(0);
  await applyInstance(platform, model);
  await endedOperation(platform, model, 'create');
  await operate(platform, model, 'sleep');
  await delay(10_000);
  const before = memoryOf(platform);
  const names = Array.from({ length: clusters }, (_, index) => `far-${index}`);
  console.log(`clusters: ${clusters} with an agent each, ${tenants} tenant clusters that sleep in them`);
  const children = createBenchChildren();
  const dir = mkdtempSync(join(tmpdir(), 'vcp-agents-'));
  try {
    const { url, caFile } = platform.admin();
    const keyed = [];
    for (const name of names) keyed.push({ name, joinKey: await joinKeyOf(platform, name) });
    const startedAt = performance.now();
    const settings: ManyAgentsSettings = { url, caFile, dir, clusters: keyed };
    const agents = children.start('test/load/many-agents.ts', [children.write('agents.json', settings)], {
      space: agentSpace,
    });
    await untilLine(agents.lines, /^connected$/);
    show('agents joined and connected', `${seconds(startedAt)} s`);
    await areSetUp(platform, clusters);
    await areReached(platform, names);
    show('clusters set up, reached', `${seconds(startedAt)} s`);
    const numbers = Array.from({ length: tenants }, (_, index) => index + 1);
    await seedSleepers(
      platform,
      numbers,
      () => model,
      (index) => names[index % clusters] ?? '',
    );
    await delay(30_000);
    const after = memoryOf(platform);
    for (const name of ours)
      show(`memory of ${name}, MiB`, `${before[name].toFixed(0)}, then ${after[name].toFixed(0)}`);
    show('memory of all agents, MiB', sumMiB([agents.pid]).toFixed(0));
    await showRest(platform, agents);
    for (const name of ['gateway', 'controllers'] as const) {
      const killedAt = performance.now();
      const killed = pidOf(platform, name);
      process.kill(killed, 'SIGKILL');
      await eventually('it is started again', () => platform.processes()[name]?.pid !== killed, {
        intervalMs: 20,
      });
      const again = seconds(killedAt);
      if (name === 'gateway') {
        await areReached(platform, names);
        show('gateway killed: all reached', `after ${seconds(killedAt)} s (${again} s until it is started)`);
      } else show('controllers killed, started again', `after ${again} s`);
    }
    await delay(15_000);
    await areSetUp(platform, clusters);
  } finally {
    for (const name of names) await platform.call('DELETE', `${clustersPath}/${name}`).catch(() => undefined);
    await children.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function joinKeyOf(platform: TestPlatform, name: string): Promise<string> {
  const cluster = { apiVersion: managementApiVersion, kind: 'Cluster', metadata: { name } };
  const made = await platform.call('POST', clustersPath, { ...cluster, spec: { networkPeer: true } });
  if (made.status !== 201) throw new Error(made.text);
  return eventually('its join key is issued', async () => {
    const answer = await platform.call('GET', `${clustersPath}/${name}/accesskey`);
    return answer.status === 200 && answer.json<{ accessKey: string }>().accessKey;
  });
}

async function areSetUp(platform: TestPlatform, count: number): Promise<void> {
  await eventually(
    'all clusters are set up and online',
    async () => {
      const { items } = (await platform.call('GET', clustersPath)).json<{ items: Cluster[] }>();
      const good = items.filter(({ status }) => status?.phase === 'Initialized' && status.online === true);
      return good.length === count + 1; // and `local`
    },
    { timeoutMs: 300_000, intervalMs: 500 },
  );
}

/** Through the gateway, each at once. */
async function areReached(platform: TestPlatform, names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map((name) =>
      eventually(`${name} is reached`, async () => {
        const answer = await platform.call('GET', `/kubernetes/cluster/${name}/api/v1/namespaces`);
        if (answer.status !== 200) throw new Error(answer.text);
        return true;
      }),
    ),
  );
}

async function showRest(platform: TestPlatform, agents: BenchChild): Promise<void> {
  const look = async () => ({
    calls: await callsOf(agents),
    management: await managementCalls(platform),
    cpu: Object.fromEntries(ours.map((name) => [name, cpuMs([pidOf(platform, name)])])),
    agentsCpu: cpuMs([agents.pid]),
  });
  const from = await look();
  await delay(restMs);
  const to = await look();
  const asked = Object.entries(to.calls).map(([kind, count]) => `${kind} ${count - (from.calls[kind] ?? 0)}`);
  show('asked of the clusters in a minute', asked.join(', '));
  show('asked of the management API', String(to.management - from.management));
  const cpu = ours.map((name) => `${name} ${Math.round((to.cpu[name] ?? 0) - (from.cpu[name] ?? 0))} ms`);
  show(
    'processor time in a minute',
    `${cpu.join(', ')}, all agents ${Math.round(to.agentsCpu - from.agentsCpu)} ms`,
  );
}

async function callsOf({ stdin, lines }: BenchChild): Promise<Record<string, number>> {
  stdin.write('\n');
  return JSON.parse(await nextLine(lines)) as Record<string, number>;
}

/** Requests that the management API has answered. */
async function managementCalls(platform: TestPlatform): Promise<number> {
  const { code, stdout, stderr } = await platform.kubectl('get', '--raw', '/metrics');
  if (code !== 0) throw new Error(stderr);
  const counts = stdout.matchAll(/^apiserver_request_total\{.*\} (\d+(?:\.\d+)?(?:e\+\d+)?)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function pidOf(platform: TestPlatform, name: string): number {
  const pid = platform.processes()[name]?.pid;
  if (pid === undefined) throw new Error(`there is no process ${name}`);
  return pid;
}

function memoryOf(platform: TestPlatform): Record<(typeof ours)[number], number> {
  return Object.fromEntries(ours.map((name) => [name, sumMiB([pidOf(platform, name)])])) as never;
}

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

function show(what: string, value: string): void {
  console.log(`  ${what.padEnd(38)} ${value}`);
}
