import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { Agent, request } from 'undici';
import { eventually } from '../support/eventually.ts';
import { startReflector } from '../support/reflector.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { type FixtureAnswer, keyOf } from './user-calls.ts';

/** Longest that any answer may take while the management API is away. */
const answerMs = 20_000;
const revocationMs = 10_000;
/** On a loaded machine. */
const slackMs = 20_000;
const undecidedSeconds = 15;

let fixture: ManagementFixture;
let relay: TcpRelay;
let gateway: GatewayProcess;
/** Descriptors of a gateway whose watches are all open: after an outage some wait for their next attempt. */
let filesAtFirst = 0;
before(async () => {
  fixture = await startManagementFixture();
  relay = await startTcpRelay(Number(new URL(fixture.apiServer.url).port));
  gateway = await startGatewayProcess(fixture, {
    managementPort: relay.port,
    config: { streams: { undecidedSeconds }, connections: { keepAliveSeconds: 5 } },
  });
});
afterEach(() => relay.open());
after(async () => {
  await gateway?.stop();
  await relay?.stop();
  await fixture?.stop();
});

/** One request for each way in which the management API is needed. */
const paths = [
  '/kubernetes/management/version',
  '/kubernetes/management/api/v1/namespaces',
  '/kubernetes/management/apis/management.loft.sh/v1/projects',
  '/kubernetes/cluster/local/version',
  '/kubernetes/project/alpha/virtualcluster/demo/version',
];

const instances =
  '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances';

async function timed(user: string, path: string): Promise<FixtureAnswer & { ms: number }> {
  const startedAt = performance.now();
  const answer = await gateway.call(user, 'GET', path);
  return { ...answer, ms: Math.round(performance.now() - startedAt) };
}

async function openWatch(user: string) {
  const answer = await request(`${gateway.url}${instances}?watch=true`, {
    dispatcher: new Agent({ connect: { ca: readFileSync(fixture.caFile), timeout: 60_000 }, allowH2: false }),
    headers: { authorization: `Bearer ${keyOf(user)}` },
  });
  assert.equal(answer.statusCode, 200);
  let open = true;
  answer.body.once('close', () => (open = false));
  answer.body.on('error', () => undefined);
  answer.body.resume();
  return { isOpen: () => open, end: () => answer.body.destroy() };
}

const answers = () =>
  eventually('the gateway answers again', async () => {
    const all = await Promise.all(['anna', 'ben'].map((user) => timed(user, paths[0] ?? '')));
    return all.every(({ status }) => status === 200);
  });

describe('an unreachable management API', { timeout: 600_000 }, () => {
  for (const [what, away] of [
    ['refuses connections', () => relay.close()],
    ['takes connections and says nothing', () => relay.hang()],
  ] as const) {
    it(`${what}: every path is 503 with Retry-After, and recovers by itself`, async (context) => {
      await answers();
      // Warm: connections are kept, decisions remembered.
      for (const user of ['anna', 'ben']) for (const path of paths) await gateway.call(user, 'GET', path);
      const files = gateway.openFiles();
      filesAtFirst ||= files;
      away();
      await eventually('what was decided a moment ago holds no more', async () =>
        (await Promise.all(paths.map((path) => timed('anna', path)))).every(({ status }) => status === 503),
      );
      const slowest: number[] = [];
      for (let round = 0; round < 3; round++) {
        const all = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            timed(index % 2 === 0 ? 'anna' : 'ben', paths[index % 5] ?? ''),
          ),
        );
        for (const { status, headers, ms, text, json } of all) {
          assert.equal(status, 503, text);
          assert.equal(headers['retry-after'], '1');
          assert.equal(json()['kind'], 'Status');
          assert.equal(json()['reason'], 'ServiceUnavailable');
          assert.ok(ms < answerMs, `${ms} ms`);
        }
        slowest.push(Math.max(...all.map(({ ms }) => ms)));
      }
      const ready = await gateway.call('', 'GET', '/readyz');
      assert.equal(ready.status, 503);
      assert.deepEqual(ready.json(), { ready: false }, 'unauthenticated callers get only yes or no');
      assert.match((await gateway.ready()).checks['management'] ?? '', /^does not answer/);
      // Bad keys are still bad, and told so.
      assert.equal((await timed('stranger', paths[0] ?? '')).status, 401);
      const before = relay.accepted;
      relay.open();
      await answers();
      const dialled = relay.accepted - before;
      await eventually('what was opened meanwhile is closed', () => gateway.openFiles() <= filesAtFirst + 10);
      context.diagnostic(
        `slowest answers ${slowest.join(', ')} ms; ${dialled} connections until all was well; ` +
          `${filesAtFirst} descriptors at first, ${files} before, ${gateway.openFiles()} after`,
      );
      assert.ok(dialled < 60, 'no flood when it is back');
    });
  }

  it('open streams end after a while when their callers cannot be authorized again', async () => {
    await answers();
    // What is decided here comes back once the RBAC cache is synced again.
    await eventually('she may watch', async () => (await timed('anna', instances)).status === 200);
    const watch = await openWatch('anna');
    const startedAt = performance.now();
    relay.hang();
    await eventually('the watch ends', () => !watch.isOpen(), {
      timeoutMs: undecidedSeconds * 1000 + 30_000,
    });
    const ms = performance.now() - startedAt;
    relay.open();
    await answers();
    assert.ok(ms > undecidedSeconds * 1000 - 5_000, `it ended after ${ms} ms`);
    await eventually('the log says why', () => /could not be authorized again/.test(gateway.log()));
  });

  it('a silent connection does not hide a revocation', async (context) => {
    await answers();
    const { rbac } = fixture.admin;
    const binding = { name: 'test-carl', namespace: 'p-alpha' };
    const apiGroup = 'rbac.authorization.k8s.io';
    await rbac.createNamespacedRoleBinding({
      namespace: binding.namespace,
      body: {
        metadata: binding,
        roleRef: { apiGroup, kind: 'ClusterRole', name: 'loft-management-project-admin' },
        subjects: [{ apiGroup, kind: 'Group', name: 'loft:user:carl' }],
      },
    });
    await eventually('carl may', async () => (await gateway.call('carl', 'GET', instances)).status === 200);
    const [watch, other] = await Promise.all(['ben', 'carl'].map(openWatch));
    assert.ok(watch && other);
    // Everything that is open now carries nothing any more; what is dialled from now on works.
    relay.freeze();
    await fixture.resources.accesskeys.patch({ name: 'key-ben' }, { spec: { disabled: true } });
    await rbac.deleteNamespacedRoleBinding(binding);
    const startedAt = performance.now();
    await eventually(
      'their key is refused',
      async () => (await gateway.call('ben', 'GET', '/auth/session')).status === 401,
      { timeoutMs: revocationMs + slackMs },
    );
    const refusedMs = Math.round(performance.now() - startedAt);
    await eventually('their watch ends', () => !watch.isOpen(), {
      timeoutMs: revocationMs + slackMs - refusedMs,
    });
    const endedMs = Math.round(performance.now() - startedAt);
    await eventually('so does the watch of who has no right any more', () => !other.isOpen(), {
      timeoutMs: revocationMs + slackMs - endedMs,
    });
    context.diagnostic(
      `refused after ${refusedMs} ms, watches ended after ${endedMs} and ${Math.round(performance.now() - startedAt)} ms`,
    );
    await fixture.resources.accesskeys.patch({ name: 'key-ben' }, { spec: { disabled: false } });
    await answers();
  });

  it('a filtered watch survives the outage and delivers what happened meanwhile', async () => {
    await answers();
    const all = '/kubernetes/management/apis/management.loft.sh/v1/virtualclusterinstances';
    const dispatcher = new Agent({
      connect: { ca: readFileSync(fixture.caFile), timeout: 60_000 },
      allowH2: false,
    });
    const reflector = await startReflector(all, async (path, signal) => {
      const headers = { authorization: `Bearer ${keyOf('ben')}` };
      const { statusCode, body } = await request(`${gateway.url}${path}`, { dispatcher, headers, signal });
      return { status: statusCode, body };
    });
    try {
      fixture.apiServer.signal('SIGSTOP');
      const spec = { templateRef: { name: 'default' } };
      // Done as soon as it goes on, before the gateway can decide again.
      const made = ['p-alpha', 'p-beta'].map((namespace) =>
        fixture.resources.virtualclusterinstances.create({
          metadata: { name: `meanwhile-${namespace}`, namespace },
          spec,
        }),
      );
      try {
        await eventually(
          'no decision can be made any more',
          async () => (await gateway.call('ben', 'GET', '/api/v1/projects')).status === 503,
          { timeoutMs: undecidedSeconds * 1000 },
        );
      } finally {
        fixture.apiServer.signal('SIGCONT');
      }
      await Promise.all(made);
      await eventually('it is told', () => reflector.store.has('meanwhile-p-alpha'));
      assert.equal(reflector.store.has('meanwhile-p-beta'), false);
      assert.deepEqual([reflector.lists, reflector.ends], [1, []]);
    } finally {
      await reflector.stop();
      await dispatcher.destroy();
    }
  });
});
