import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { openRequest } from '../../adapters/kubernetes/request.ts';
import {
  type GatewayProcess,
  type GatewayProcessOptions,
  startGatewayProcess,
} from '../api/gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from '../api/management-fixture.ts';
import { applyProjectNamespace } from '../support/management-api.ts';
import { hashOf } from '../api/test-gateway.ts';
import { keyOf } from '../api/user-calls.ts';
import { eventually } from '../support/eventually.ts';
import { type Reflector, startReflector } from '../support/reflector.ts';
import { cpuMs } from './cpu-time.ts';
import { benchEvents } from './event-streams.ts';
import { median } from './statistics.ts';

const projects = 100;
const instancesEach = 10;
/** Of whom each belongs to two projects. */
const members = 50;
const openedAtOnce = 4;
interface Watches {
  readonly members: number;
  readonly each: number;
  /** Whether the management API is stopped beneath them. */
  readonly stop: boolean;
}
/** As many as a gateway holds that asks the server about each. */
const few: Watches = { members: 10, each: 1, stop: false };
const many: Watches = { members, each: 10, stop: true };
const stoppedMs = 30_000;
const lists = 6;
const instances = '/kubernetes/management/apis/management.loft.sh/v1/virtualclusterinstances';
const rbac = { apiGroup: 'rbac.authorization.k8s.io' };
const memberName = (index: number) => `member-${index}`;

/**
 * Lists and watches of who may see some of 1,000 tenant clusters in 100 projects, before a real management API: what
 * they take, and how many reviews the server is asked for them; and what 500 of these watches tell when it stops for a while.
 * @param against folder of another checkout whose gateway is measured first
 * @param only `watches`, `lists` or `events`: leaves out the others
 */
export async function benchAccess(against: string | undefined, only?: string): Promise<void> {
  const fixture = await startManagementFixture();
  const isWanted = (part: string) => (only ?? part) === part;
  try {
    const startedAt = performance.now();
    await populate(fixture);
    console.log(
      `${projects * instancesEach} tenant clusters in ${projects} projects made in ${seconds(startedAt)} s`,
    );
    if (against !== undefined)
      await benchCheckout(fixture, 'the other checkout', { folder: against }, async (gateway) => {
        if (isWanted('lists')) await benchLists(fixture, gateway);
        if (isWanted('watches')) await benchWatches(fixture, gateway, few);
      });
    await benchCheckout(fixture, 'this checkout', {}, async (gateway) => {
      if (isWanted('lists')) await benchLists(fixture, gateway);
      if (isWanted('watches')) {
        await benchWatches(fixture, gateway, few);
        await benchWatches(fixture, gateway, many);
      }
      if (isWanted('events'))
        await benchEvents(
          fixture,
          gateway,
          Array.from({ length: members }, (_, index) => memberName(index)),
        );
    });
  } finally {
    await fixture.stop();
  }
}

async function benchCheckout(
  fixture: ManagementFixture,
  what: string,
  options: GatewayProcessOptions,
  measure: (gateway: GatewayProcess) => Promise<void>,
): Promise<void> {
  console.log(`\n${what}`);
  const gateway = await startGatewayProcess(fixture, options);
  try {
    await measure(gateway);
  } finally {
    await gateway.stop();
  }
}

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

async function populate({ admin, resources }: ManagementFixture): Promise<void> {
  const users = Array.from({ length: members }, (_, index) => memberName(index));
  const known = [...users, 'anna', 'ben', 'carl'];
  const impersonated = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'vcluster-platform:gateway-users' },
    rules: [
      {
        apiGroups: [''],
        resources: ['users'],
        verbs: ['impersonate'],
        resourceNames: known.map((name) => `${name}@example.com`),
      },
      {
        apiGroups: [''],
        resources: ['groups'],
        verbs: ['impersonate'],
        resourceNames: ['devs', ...known.map((name) => `loft:user:${name}`)],
      },
    ],
  };
  await applyObject(admin, impersonated);
  for (const name of users) {
    await resources.users.create({ metadata: { name }, spec: { subject: `${name}@example.com` } });
    await resources.accesskeys.create({
      metadata: { name: `key-${name}` },
      spec: { user: name, keyHash: hashOf(keyOf(name)) },
    });
  }
  for (let project = 0; project < projects; project += 1) {
    const namespace = `p-bench-${project}`;
    await applyProjectNamespace(admin, `bench-${project}`, {});
    await resources.projects.create({ metadata: { name: `bench-${project}` } });
    await admin.rbac.createNamespacedRoleBinding({
      namespace,
      body: {
        metadata: { name: 'member' },
        roleRef: { ...rbac, kind: 'ClusterRole', name: 'loft-management-project-admin' },
        subjects: [{ ...rbac, kind: 'Group', name: `loft:user:${memberName(project % members)}` }],
      },
    });
    await Promise.all(
      Array.from({ length: instancesEach }, (_, index) =>
        resources.virtualclusterinstances.create({
          metadata: { name: `vc-${project}-${index}`, namespace },
          spec: { templateRef: { name: 'default' } },
        }),
      ),
    );
  }
}

/** Reviews that the management API answered so far. */
async function reviewsOf({ admin }: ManagementFixture): Promise<number> {
  const answer = await openRequest(admin.kubeConfig, { path: '/metrics', accept: 'text/plain' });
  const text = await answer.text();
  const lines = text.match(
    /^apiserver_request_total\{[^}]*resource="[a-z]*(access|rules)reviews"[^}]*\} \S+/gm,
  );
  return (lines ?? []).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function benchLists(fixture: ManagementFixture, gateway: GatewayProcess): Promise<void> {
  for (const [what, user, path] of [
    ['tenant clusters, who sees all', 'anna', instances],
    ['tenant clusters, who sees 20', memberName(0), instances],
    ['tenant clusters, who sees none', 'carl', instances],
    ['/api/v1/virtualclusters, who sees none', 'carl', '/api/v1/virtualclusters'],
    ['/api/v1/projects, who sees none', 'carl', '/api/v1/projects'],
  ] as const) {
    await gateway.call(user, 'GET', path);
    const before = await reviewsOf(fixture);
    const took: number[] = [];
    const statuses = new Set<number>();
    for (let round = 0; round < lists && (took[0] ?? 0) < 10_000; round += 1) {
      await delay(2_200); // longer than anything is remembered for
      const startedAt = performance.now();
      statuses.add((await gateway.call(user, 'GET', path)).status);
      took.push(performance.now() - startedAt);
    }
    const reviews = ((await reviewsOf(fixture)) - before) / took.length;
    console.log(
      `  ${what.padEnd(42)} ${median(took).toFixed(0)} ms (at most ${Math.max(...took).toFixed(0)}), ` +
        `${reviews.toFixed(1)} reviews a list, status ${[...statuses].join(', ')}`,
    );
  }
}

async function benchWatches(
  fixture: ManagementFixture,
  gateway: GatewayProcess,
  { members: watching, each, stop }: Watches,
): Promise<void> {
  const agent = new Agent({ connect: { ca: readFileSync(fixture.caFile) }, allowH2: false, bodyTimeout: 0 });
  const open = (user: string) => async (path: string, signal: AbortSignal) => {
    const answer = await request(`${gateway.url}${path}`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${keyOf(user)}` },
      signal,
    });
    return { status: answer.statusCode, body: answer.body };
  };
  const startedAt = performance.now();
  const watches: { user: number; reflector: Reflector }[] = [];
  const waiting = Array.from({ length: watching * each }, (_, index) => index % watching);
  // Each begins with a list of all; a gateway on a loaded machine answers only so many of these in time.
  const take = async () => {
    for (let user = waiting.pop(); user !== undefined; user = waiting.pop())
      watches.push({ user, reflector: await startReflector(instances, open(memberName(user))) });
  };
  await Promise.all(Array.from({ length: openedAtOnce }, take));
  console.log(`  ${watches.length} watches of ${watching} members opened in ${seconds(startedAt)} s`);
  try {
    await delay(5_000);
    const [reviews, cpu, from] = [await reviewsOf(fixture), cpuMs([gateway.pid]), performance.now()];
    await delay(20_000);
    const lasted = (performance.now() - from) / 1000;
    const perSecond = ((await reviewsOf(fixture)) - reviews) / lasted;
    const processor = (cpuMs([gateway.pid]) - cpu) / lasted / 10;
    console.log(
      `  while nothing happens: ${perSecond.toFixed(1)} reviews/s at the server, gateway ${processor.toFixed(1)} % of a processor`,
    );
    if (stop) await stopAndGoOn(fixture, gateway, watches);
  } finally {
    await Promise.all(watches.map(({ reflector }) => reflector.stop()));
    await agent.destroy();
  }
}

/** The management API is stopped; what is written meanwhile is done when it goes on, and each watch must tell of it. */
async function stopAndGoOn(
  { apiServer, resources }: ManagementFixture,
  gateway: GatewayProcess,
  watches: readonly { user: number; reflector: Reflector }[],
): Promise<void> {
  const ended = () => watches.reduce((sum, { reflector }) => sum + reflector.ends.length, 0);
  const lists = () => watches.reduce((sum, { reflector }) => sum + reflector.lists, 0);
  const [endedBefore, listsBefore] = [ended(), lists()];
  apiServer.signal('SIGSTOP');
  const written: Promise<{ name: string; version: string; project: number }>[] = [];
  try {
    for (let project = 0; project < projects; project += 1)
      written.push(
        resources.virtualclusterinstances
          .patch(
            { namespace: `p-bench-${project}`, name: `vc-${project}-0` },
            { metadata: { labels: { stopped: String(Math.round(performance.now())) } } },
          )
          .then(({ metadata }) => ({ name: metadata.name, version: metadata.resourceVersion, project })),
      );
    for (const one of written) one.catch(() => undefined);
    await delay(stoppedMs - 3_000);
  } finally {
    await delay(3_000);
    apiServer.signal('SIGCONT');
  }
  const startedAt = performance.now();
  const done = (await Promise.allSettled(written)).flatMap((one) =>
    one.status === 'fulfilled' ? [one.value] : [],
  );
  // Whoever writes now is seen as well.
  for (let project = 0; project < projects; project += 1) {
    const name = `vc-${project}-1`;
    const { metadata } = await eventually('it is written', () =>
      resources.virtualclusterinstances.patch(
        { namespace: `p-bench-${project}`, name },
        { metadata: { labels: { after: String(Math.round(performance.now())) } } },
      ),
    );
    done.push({ name, version: metadata.resourceVersion, project });
  }
  const missing = () =>
    watches.flatMap(({ user, reflector }) =>
      done.filter(
        ({ name, version, project }) => project % members === user && reflector.store.get(name) !== version,
      ),
    ).length;
  const foreign = () =>
    watches.filter(({ user, reflector }) =>
      [...reflector.store.keys()].some((name) => Number(name.split('-')[1]) % members !== user),
    ).length;
  await eventually('all is told', () => missing() === 0, { timeoutMs: 60_000 }).catch(() => undefined);
  const alive = (await gateway.call('', 'GET', '/healthz').catch(() => undefined))?.status === 200;
  console.log(
    `  stopped for ${stoppedMs / 1000} s: ${done.length} changes, ${missing()} gaps, all told ${seconds(startedAt)} s after it went on; ` +
      `${ended() - endedBefore} watches ended, ${lists() - listsBefore} lists again; ` +
      `${foreign()} saw what is another's; the gateway ${alive ? 'runs' : 'DIED'}`,
  );
}
