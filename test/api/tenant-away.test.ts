import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { startTenantFixture, type TenantFixture, tenantPath } from './tenant-fixture.ts';

/** Longest that an answer may take while the tenant cluster is away. */
const answerMs = 25_000;

let fixture: TenantFixture;
let relay: TcpRelay;
before(async () => {
  fixture = await startTenantFixture();
  relay = await startTcpRelay(Number(new URL(fixture.tenant.url).port));
  await leadThroughRelay();
});
afterEach(() => relay.open());
after(async () => {
  await fixture?.stop();
  await relay?.stop();
});

/** The pod behind the tenant's Service listens at the relay from now on. */
async function leadThroughRelay(): Promise<void> {
  const { core } = fixture.admin;
  const there = { name: 'demo-0', namespace: 'loft-alpha-v-demo' };
  const { metadata, spec, status } = await core.readNamespacedPod(there);
  await core.deleteNamespacedPod({ ...there, gracePeriodSeconds: 0 });
  const [container] = spec?.containers ?? [];
  assert.ok(container && spec);
  container.ports = [{ name: 'https', containerPort: relay.port }];
  const body = {
    metadata: { name: there.name, ...(metadata?.labels ? { labels: metadata.labels } : {}) },
    spec,
  };
  const made = await core.createNamespacedPod({ namespace: there.namespace, body });
  await core.replaceNamespacedPodStatus({ ...there, body: { ...made, ...(status ? { status } : {}) } });
  await eventually('it leads through the relay', async () => {
    await fixture.call('ben', 'GET', `${tenantPath}/version`);
    return relay.accepted > 0;
  });
}

/** Connections of the gateway (in this process) to the tenant cluster. */
function dialled(): number {
  const port = relay.port.toString(16).toUpperCase().padStart(4, '0');
  const own = ownSockets();
  // Connections of every process: number, local and remote address, state, 5 fields, inode.
  return readFileSync('/proc/self/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state]) => state === '01' && remote?.endsWith(`:${port}`) === true)
    .filter((fields) => own.has(fields[9] ?? '')).length;
}

/** Inodes of this process's sockets. */
function ownSockets(): Set<string> {
  const inodes = new Set<string>();
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // It was closed since the folder was read: the one of reading the folder is.
    }
  }
  return inodes;
}

async function timed(user: string, path: string) {
  const startedAt = performance.now();
  const answer = await fixture.call(user, 'GET', path);
  return { answer, ms: Math.round(performance.now() - startedAt) };
}

describe('an unreachable tenant cluster', { timeout: 300_000 }, () => {
  for (const [what, away] of [
    ['refuses connections', () => relay.close()],
    ['takes connections and says nothing', () => relay.hang()],
  ] as const) {
    it(`${what}: 503, others are served, and no socket leaks`, async (context) => {
      await eventually(
        'it answers',
        async () => (await timed('ben', `${tenantPath}/version`)).answer.status === 200,
      );
      assert.ok(dialled() > 0);
      away();
      const asked = Promise.all(
        Array.from({ length: 40 }, () => timed('ben', `${tenantPath}/api/v1/namespaces`)),
      );
      const others = [];
      for (let index = 0; index < 20; index++)
        others.push(await timed('anna', '/kubernetes/management/version'));
      for (const { answer } of others) assert.equal(answer.status, 200);
      const all = await asked;
      for (const { answer, ms } of all) {
        assert.equal(answer.status, 503, answer.text);
        assert.equal(answer.headers['retry-after'], undefined);
        assert.equal(answer.json()['kind'], 'Status');
        assert.ok(ms < answerMs, `${ms} ms`);
      }
      const slowest = (timings: { ms: number }[]) => Math.max(...timings.map(({ ms }) => ms));
      await eventually('no socket stays', () => dialled() === 0, { timeoutMs: 60_000 });
      relay.open();
      await eventually(
        'it answers again',
        async () => (await timed('ben', `${tenantPath}/version`)).answer.status === 200,
      );
      context.diagnostic(
        `slowest 503 ${slowest(all)} ms, slowest of the others meanwhile ${slowest(others)} ms`,
      );
    });
  }

  it('is there, and the connections to it lead nowhere any more: reads and watches are answered', async (context) => {
    const namespaces = `${tenantPath}/api/v1/namespaces`;
    const warm = await Promise.all(Array.from({ length: 10 }, () => timed('ben', namespaces)));
    for (const { answer } of warm) assert.equal(answer.status, 200, answer.text);
    relay.freeze();
    const watch = await timed('ben', `${namespaces}?watch=true&timeoutSeconds=1`);
    assert.match(watch.answer.text, /"type":"ADDED"/);
    const reads = await Promise.all(Array.from({ length: 20 }, () => timed('ben', namespaces)));
    for (const { answer } of reads) assert.equal(answer.status, 200, answer.text);
    // None is left that could swallow a change.
    const made = await fixture.call('ben', 'POST', `${namespaces}/default/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'made' },
    });
    assert.equal(made.status, 201, made.text);
    context.diagnostic(`slowest read ${Math.max(...reads.map(({ ms }) => ms))} ms, the watch ${watch.ms} ms`);
  });
});
