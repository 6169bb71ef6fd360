import { randomUUID } from 'node:crypto';
import { defaultHostNamespace, projectNamespace } from '../../contracts/names.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { TestPlatform } from '../support/platform.ts';
import { readWorkerConfig } from '../support/worker-config.ts';
import { cpuMs } from './cpu-time.ts';
import { treeOf } from './memory.ts';
import { median } from './statistics.ts';
import { applyInstance, endedOperation, operate } from './tenant.ts';
import { startUpdateWorkers } from './update-workers.ts';

const loneTenants = 8;
const loneRounds = 8;
const realTenants = 2;
const realRounds = 4;

type Update = (tenant: TenantRef) => Promise<void>;

interface Rate {
  readonly perSecond: number;
  /** Processor time of this process, PostgreSQL and Temporal for each update. */
  readonly cpuMs: number;
}

/** Updates of `tenants` side by side, each `rounds` in sequence. */
async function rate(
  platform: TestPlatform,
  tenants: readonly TenantRef[],
  rounds: number,
  update: Update,
): Promise<Rate> {
  const { postgres, temporal } = platform.processes();
  const pids = [process.pid, ...[postgres, temporal].flatMap((each) => (each ? treeOf(each.pid) : []))];
  const cpuBefore = cpuMs(pids);
  const startedAt = performance.now();
  await Promise.all(
    tenants.map(async (tenant) => {
      for (let index = 0; index < rounds; index++) await update(tenant);
    }),
  );
  const updates = tenants.length * rounds;
  return {
    perSecond: (updates * 1000) / (performance.now() - startedAt),
    cpuMs: (cpuMs(pids) - cpuBefore) / updates,
  };
}

/**
 * Updates that change nothing, per second: the platform's submission and workflow against a plain workflow with as
 * many activities of the same kind that write the same rows. Once without effects (the engine alone) and once with
 * the platform's own activities, Helm included, on real tenant clusters. All on workers of this process.
 */
export async function benchUpdates(platform: TestPlatform, repeats: number): Promise<void> {
  const workers = await startUpdateWorkers(readWorkerConfig(platform.stateDir));
  const names = Array.from({ length: realTenants }, (_, index) => `update-${index}`);
  for (const name of names) await applyInstance(platform, name);
  for (const name of names) await endedOperation(platform, name, 'create');
  const real = await Promise.all(names.map((name) => tenantOf(platform, name)));
  const lone = Array.from({ length: loneTenants }, (_, index) => tenantRef(`lone-${index}`, randomUUID()));

  console.log(
    `no-change updates per second: min / median / max of ${repeats} (processor ms of each, without Helm and clusters)`,
  );
  const report = async (
    what: string,
    measure: (update: Update) => Promise<Rate>,
    [ours, theirs]: [Update, Update],
  ) => {
    await measure(ours);
    await measure(theirs);
    const figures = { ours: [] as Rate[], theirs: [] as Rate[] };
    for (let index = 0; index < repeats; index++) {
      figures.ours.push(await measure(ours));
      figures.theirs.push(await measure(theirs));
    }
    const ratio = medianRate(figures.ours) / medianRate(figures.theirs);
    console.log(`  ${what.padEnd(31)} ${show(figures.ours)}`);
    console.log(
      `  plain workflows                 ${show(figures.theirs)}   ratio ${ratio.toFixed(2)} (aim ≥ 0.8)`,
    );
  };
  await report('engine, activities do nothing', (update) => rate(platform, lone, loneRounds, update), [
    workers.engineAlone,
    workers.plainAlone,
  ]);
  await report('with Helm and all', (update) => rate(platform, real, realRounds, update), [
    workers.engine,
    workers.plain,
  ]);
  console.log();
  await workers.stop();
  for (const name of names) await operate(platform, name, 'delete');
}

const medianRate = (rates: readonly Rate[]) => median(rates.map(({ perSecond }) => perSecond));

function show(rates: readonly Rate[]): string {
  const values = rates.map(({ perSecond }) => perSecond);
  const spread = [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(1));
  return `${spread.join(' / ')} (${Math.round(median(rates.map((each) => each.cpuMs)))})`;
}

async function tenantOf(platform: TestPlatform, name: string): Promise<TenantRef> {
  const namespace = projectNamespace('default');
  const answer = await platform.call(
    'GET',
    `/kubernetes/management/apis/management.loft.sh/v1/namespaces/${namespace}/virtualclusterinstances/${name}`,
  );
  return tenantRef(name, answer.json<{ metadata: { uid: string } }>().metadata.uid);
}

function tenantRef(name: string, uid: string): TenantRef {
  return {
    project: 'default',
    name,
    uid,
    cluster: 'local',
    hostNamespace: defaultHostNamespace('default', name),
  };
}
