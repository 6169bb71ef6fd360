import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { Agent, request } from 'undici';
import type { GatewayProcess } from '../api/gateway-process.ts';
import type { ManagementFixture } from '../api/management-fixture.ts';
import { keyOf } from '../api/user-calls.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { cpuMs } from './cpu-time.ts';
import { median } from './statistics.ts';

const eachUser = 4;
const changes = 100;
const everyMs = 100;
const idleMs = 10_000;

/** 200 streams of `/api/v1/events` before 1,000 tenant clusters: what one change costs, few or all of them being told. */
export async function benchEvents(
  fixture: ManagementFixture,
  gateway: GatewayProcess,
  users: readonly string[],
): Promise<void> {
  const agent = new Agent({ connect: { ca: readFileSync(fixture.caFile) }, allowH2: false, bodyTimeout: 0 });
  const told = new Map<string, number[]>();
  const memoryBefore = gateway.memory();
  let begun = 0;
  const open = async (user: string) => {
    const { statusCode, body } = await request(
      `${gateway.url}/api/v1/events?resources=virtualclusterinstances`,
      { dispatcher: agent, headers: { authorization: `Bearer ${keyOf(user)}` } },
    );
    if (statusCode !== 200) throw new Error(`${statusCode}: ${await body.text()}`);
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === 'start') begun += 1;
        const value = /"bench-change":"(\w+)"/.exec(data)?.[1];
        if (value !== undefined) told.set(value, [...(told.get(value) ?? []), performance.now()]);
      },
    });
    const decoder = new TextDecoder();
    void (async () => {
      for await (const chunk of body) parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
    })().catch(() => undefined);
  };
  try {
    const streams = users.flatMap((user) => Array.from({ length: eachUser }, () => user));
    const openedAt = performance.now();
    await Promise.all(streams.map(open));
    await eventually('all have begun', () => begun === streams.length);
    console.log(
      `  ${streams.length} event streams opened in ${((performance.now() - openedAt) / 1000).toFixed(1)} s, ` +
        `${(gateway.memory() - memoryBefore).toFixed(0)} MiB more`,
    );
    const [cpu, from] = [cpuMs([gateway.pid]), performance.now()];
    await delay(idleMs);
    const idle = (cpuMs([gateway.pid]) - cpu) / (performance.now() - from);
    console.log(`  while nothing happens: gateway ${(idle * 100).toFixed(1)} % of a processor`);
    await measure(fixture, gateway, told, idle, eachUser, 'each change told to 4 streams');
    await admitAll(fixture, users);
    await delay(3_000);
    await measure(fixture, gateway, told, idle, streams.length, `each change told to all ${streams.length}`);
    console.log(`  memory ${(gateway.memory() - memoryBefore).toFixed(0)} MiB more than before the streams`);
  } finally {
    await agent.destroy();
  }
}

async function measure(
  { resources }: ManagementFixture,
  gateway: GatewayProcess,
  told: Map<string, number[]>,
  idle: number,
  streams: number,
  what: string,
): Promise<void> {
  told.clear();
  const writtenAt = new Map<string, number>();
  const [cpu, from] = [cpuMs([gateway.pid]), performance.now()];
  for (let index = 0; index < changes; index += 1) {
    const value = `v${index}x${streams}`;
    writtenAt.set(value, performance.now());
    await resources.virtualclusterinstances.patch(
      { namespace: `p-bench-${index}`, name: `vc-${index}-0` },
      { metadata: { labels: { 'bench-change': value } } },
    );
    await delay(everyMs);
  }
  await eventually('all is told', () =>
    [...writtenAt.keys()].every((value) => (told.get(value)?.length ?? 0) >= streams),
  ).catch(() => undefined);
  const lasted = performance.now() - from;
  const perChange = (cpuMs([gateway.pid]) - cpu - idle * lasted) / changes;
  const last = [...writtenAt].map(([value, at]) => Math.max(...(told.get(value) ?? [Number.NaN])) - at);
  const count = [...told.values()].reduce((sum, { length }) => sum + length, 0);
  console.log(
    `  ${what}: ${count} of ${changes * streams} events, ${perChange.toFixed(2)} ms of processor a change, ` +
      `${((perChange / streams) * 1000).toFixed(0)} µs an event; the last stream told ${median(last).toFixed(0)} ms after the write began (at most ${Math.max(...last).toFixed(0)})`,
  );
}

/** All may see all tenant clusters from now on. */
async function admitAll({ admin }: ManagementFixture, users: readonly string[]): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const role = {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'bench-sees-all' },
    rules: [{ apiGroups: ['management.loft.sh'], resources: ['virtualclusterinstances'], verbs: ['get'] }],
  };
  const binding = {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'bench-sees-all' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'bench-sees-all' },
    subjects: users.map((name) => ({ apiGroup: group, kind: 'Group', name: `loft:user:${name}` })),
  };
  await applyObject(admin, role);
  await applyObject(admin, binding);
}
