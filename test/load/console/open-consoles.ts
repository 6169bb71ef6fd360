import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { managementApiVersion } from '../../../contracts/names.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestPlatform } from '../../support/platform.ts';
import { type BenchChild, createBenchChildren, nextLine, untilLine } from '../bench-children.ts';
import { cpuMs } from '../cpu-time.ts';
import { sumMiB } from '../memory.ts';
import type { EventClientsReport, EventClientsSettings } from './event-clients.ts';
import type { Change, RestClient } from './rest-client.ts';
import { line, tail, usual } from './shown.ts';

/** A caller may have 20 streams. */
const ofUser = 10;
const restMs = 30_000;
const changing = { perSecond: 10, seconds: 30 };
const word = 'Told to all';
const management = '/kubernetes/management/apis/management.loft.sh/v1';
const roles = ['admin', 'user', 'viewer'].map((role) => `loft-management-project-${role}`);

/** What the gateway took within a while. */
interface Cost {
  readonly cpuMs: number;
  readonly seconds: number;
}

/**
 * Many open consoles: a stream of events to each, of members of the project with all three roles. What they cost the gateway at rest
 * and while tenant clusters change, and how late the last of them hears of a change. Without any, the same is measured before.
 */
export async function benchOpenConsoles(
  platform: TestPlatform,
  client: RestClient,
  fleet: readonly string[],
  consoles: number,
): Promise<void> {
  const { pid } = platform.processes()['gateway'] ?? assert.fail('there is no gateway');
  const memory = () => `${sumMiB([pid]).toFixed(0)} MiB`;
  const costOf = async <T>(work: () => Promise<T>): Promise<[T, Cost]> => {
    const [cpu, startedAt] = [cpuMs([pid]), performance.now()];
    const value = await work();
    return [value, { cpuMs: cpuMs([pid]) - cpu, seconds: (performance.now() - startedAt) / 1000 }];
  };
  const keys = await makeKeys(platform, consoles);
  console.log(
    `\nopen consoles: ${consoles} streams of events, each with a key of its own, of ${Math.ceil(consoles / ofUser)} users`,
  );
  await delay(5_000);
  line('memory of the gateway before (PSS)', memory());
  const [, restAlone] = await costOf(() => delay(restMs));
  line('none open: at rest', cpuText(restAlone));
  const [changesAlone, alone] = await costOf(() => client.renameSteadily(fleet, changing, 'Told to none'));
  line(
    `none open: ${changing.perSecond} changes a second`,
    `${cpuText(alone)}; ${changesAlone.length} answered after ${usual(tookOf(changesAlone))}`,
  );
  const children = createBenchChildren();
  try {
    const { url, caFile } = platform.admin();
    const settings: EventClientsSettings = { url, ca: readFileSync(caFile, 'utf8'), keys, word };
    const clients = children.start('test/load/console/event-clients.ts', [
      children.write('clients.json', settings),
    ]);
    const [, opening] = await costOf(() => untilLine(clients.lines, /^open$/));
    line('opened', `in ${opening.seconds.toFixed(1)} s, ${cpuText(opening)}`);
    await delay(5_000);
    line('memory of the gateway (PSS)', memory());
    await reportOf(clients);
    const [, rest] = await costOf(() => delay(restMs));
    const quiet = await reportOf(clients);
    line(
      'at rest',
      `${cpuText(rest)}, ${more(rest, restAlone)}; ${quiet.events} events came, ${quiet.ended} streams ended`,
    );
    const clientsCpu = cpuMs([clients.pid]);
    const [changes, busy] = await costOf(async () => {
      const made = await client.renameSteadily(fleet, changing, word);
      await delay(1_000);
      return made;
    });
    line(
      `${changing.perSecond} changes a second`,
      `${cpuText(busy)}, ${more(busy, alone)}; ${changes.length} answered after ${usual(tookOf(changes))}`,
    );
    showTold(changes, await reportOf(clients), consoles, busy.cpuMs - alone.cpuMs);
    line(
      '  the clients took',
      `${((cpuMs([clients.pid]) - clientsCpu) / 1000).toFixed(1)} s of processor time`,
    );
    line('memory of the gateway (PSS)', memory());
  } finally {
    await children.stop();
  }
  await delay(10_000);
  line('memory, 10 s after they closed', memory());
}

function tookOf(changes: readonly Change[]): number[] {
  return changes.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
}

function cpuText({ cpuMs: cpu, seconds }: Cost): string {
  return `gateway ${(cpu / 1000).toFixed(2)} s of processor time in ${seconds.toFixed(0)} s (${(cpu / seconds / 10).toFixed(1)} %)`;
}

function more(now: Cost, before: Cost): string {
  return `${((now.cpuMs - before.cpuMs) / 1000).toFixed(2)} s more than with none`;
}

async function reportOf({ stdin, lines }: BenchChild): Promise<EventClientsReport> {
  const answer = nextLine(lines);
  stdin.write('\n');
  return JSON.parse(await answer) as EventClientsReport;
}

function showTold(
  changes: readonly Change[],
  { arrivals, events, bytes, ended, again }: EventClientsReport,
  consoles: number,
  cpu: number,
): void {
  const delays = changes.map(({ displayName, sentAt, answeredAt }) => ({
    each: (arrivals[displayName] ?? []).map((at) => at - sentAt),
    sinceAnswer: (arrivals[displayName] ?? []).map((at) => at - answeredAt),
  }));
  const told = delays.reduce((sum, { each }) => sum + each.length, 0);
  const whole = delays.filter(({ each }) => each.length === consoles);
  line(
    '  told',
    `${told} of ${changes.length * consoles}; ${whole.length} of ${changes.length} changes to all ${consoles}; ` +
      `${((cpu / told) * 1000).toFixed(0)} µs of the gateway's processor time each`,
  );
  line('  to each, since it was sent', `${tail(delays.flatMap(({ each }) => each))} (median / p99 / max)`);
  line(`  to all ${consoles}, since it was sent`, tail(whole.map(({ each }) => Math.max(...each))));
  line(
    `  to all ${consoles}, since the answer`,
    tail(whole.map(({ sinceAnswer }) => Math.max(...sinceAnswer))),
  );
  line(
    '  the streams',
    `${events} events of any kind, ${(bytes / 1024 ** 2).toFixed(0)} MiB; ${ended} ended, ${again} were told to list again`,
  );
}

/** Users with ten access keys each, members of the project by turns with each role; gives so many keys. */
async function makeKeys(platform: TestPlatform, count: number): Promise<string[]> {
  const post = async (plural: string, kind: string, name: string, spec: object) => {
    const object = { apiVersion: managementApiVersion, kind, metadata: { name }, spec };
    const answer = await platform.call('POST', `${management}/${plural}`, object);
    assert.equal(answer.status, 201, answer.text);
  };
  const users = Array.from({ length: Math.ceil(count / ofUser) }, (_, index) => `console-${index}`);
  const keys: string[] = [];
  for (const user of users) {
    await post('users', 'User', user, { username: user });
    for (let index = 0; index < ofUser && keys.length < count; index += 1) {
      const key = randomBytes(24).toString('hex');
      await post('accesskeys', 'AccessKey', `${user}-${index}`, { user, key });
      keys.push(key);
    }
  }
  const project = (await platform.call('GET', `${management}/projects/default`)).json<Project>();
  const members = users.map((name, index) => ({
    kind: 'User',
    name,
    clusterRole: roles[index % roles.length] ?? '',
  }));
  const answer = await platform.call(
    'PATCH',
    `${management}/projects/default`,
    { spec: { members: [...(project.spec?.members ?? []), ...members] } },
    { headers: { 'content-type': 'application/merge-patch+json' } },
  );
  assert.equal(answer.status, 200, answer.text);
  for (const key of keys)
    await eventually('a member sees the fleet', async () => {
      const list = await platform.call('GET', '/api/v1/virtualclusters?limit=1', undefined, { key });
      return list.status === 200 && list.json<{ items: unknown[] }>().items.length === 1;
    });
  return keys;
}
