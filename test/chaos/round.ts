import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { VerbOf } from '../../contracts/kinds.ts';
import type { Operation } from '../../contracts/operations.ts';
import { eventually } from '../support/eventually.ts';
import { checksAfter } from './checks.ts';
import type { Fleet } from './fleet.ts';
import { type ChaosTarget, expectedMs } from './targets.ts';

export interface RoundReport {
  readonly target: ChaosTarget;
  readonly type: VerbOf<'tenant'>;
  readonly killedAfterMs: number;
  readonly stepAtKill: string;
  readonly state: string;
  readonly totalMs: number;
  readonly problems: string[];
}

const instances =
  '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/virtualclusterinstances';

/** Values of revision `n`; a new `n` makes an update. */
const values = (n: number) => `pod:\n  annotations:\n    example.com/round: "${n}"\n`;

async function submit(fleet: Fleet, tenant: string, type: VerbOf<'tenant'>): Promise<Operation> {
  if (type === 'create') {
    await fleet.call('POST', instances, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: tenant, namespace: 'p-default' },
      spec: { template: { helmRelease: { chart: { name: 'tenant-control-plane' }, values: values(1) } } },
    });
    return eventually('the create is submitted', () => fleet.latest(tenant, 'create'));
  }
  if (type === 'update') {
    const patch = { spec: { template: { helmRelease: { values: values(2) } } } };
    await fleet.call('PATCH', `${instances}/${tenant}`, patch, {
      'content-type': 'application/merge-patch+json',
    });
    return eventually('the update is submitted', () => fleet.latest(tenant, 'update'));
  }
  const parameters = type === 'snapshot' || type === 'restore' ? { snapshot: 'chaos' } : {};
  const answer = await fleet.call(
    'POST',
    `/api/v1/projects/default/virtualclusters/${tenant}/operations`,
    { type, parameters },
    { 'idempotency-key': randomUUID() },
  );
  if (answer.status !== 202) throw new Error(`submit ${type} ${tenant}: ${answer.status} ${answer.text}`);
  return answer.json<Operation>();
}

/** Runs one operation, kills `target` at a random moment while a step of it runs, and checks what came of it. */
export async function runRound(input: {
  fleet: Fleet;
  target: ChaosTarget;
  tenant: string;
  type: VerbOf<'tenant'>;
  kill: boolean;
  random: () => number;
}): Promise<RoundReport> {
  const { fleet, target, tenant, type } = input;
  const startedAt = performance.now();
  const operation = await submit(fleet, tenant, type);
  let killedAfterMs = -1;
  let stepAtKill = 'no kill';
  if (input.kill) {
    await eventually('a step runs', async () => (await fleet.operation(operation.id))?.state !== 'queued', {
      intervalMs: 10,
    });
    await delay(input.random() * 0.8 * (expectedMs[type] ?? 1000));
    const now = await fleet.operation(operation.id);
    stepAtKill = now?.steps.find((step) => step.state === 'running')?.key ?? now?.state ?? 'unknown';
    killedAfterMs = Math.round(performance.now() - startedAt);
    await fleet.kill(target);
  }
  const problems: string[] = [];
  let state = 'unknown';
  try {
    if (input.kill && type === 'snapshot') problems.push(...(await checksAfter.tenantServes(fleet, tenant)));
    const ended = await fleet.ended(operation.id);
    state = ended.state;
    if (ended.state !== 'succeeded')
      problems.push(`ended ${ended.state}: ${ended.reason ?? ''} ${ended.message ?? ''}`);
    problems.push(...(await checksAfter[type](fleet, tenant)));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  return {
    target,
    type,
    killedAfterMs,
    stepAtKill,
    state,
    totalMs: Math.round(performance.now() - startedAt),
    problems,
  };
}
