import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import { createInformer } from '../../adapters/kubernetes/informer.ts';
import { openRequest } from '../../adapters/kubernetes/request.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { type OpenPath, startReflector } from '../support/reflector.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { keyOf } from './user-calls.ts';

const configMaps = '/api/v1/namespaces/p-alpha/configmaps';
const instances = '/apis/management.loft.sh/v1/virtualclusterinstances';

let fixture: ManagementFixture;
let gateway: GatewayProcess;
before(async () => {
  fixture = await startManagementFixture();
  gateway = await startGatewayProcess(fixture);
});
after(async () => {
  await gateway?.stop();
  await fixture?.stop();
});

const direct: OpenPath = async (path, signal) => {
  const response = await openRequest(fixture.admin.kubeConfig, { path, signal });
  return { status: response.status, body: response.body ?? (async function* () {})() };
};

function through(user: string): OpenPath {
  const dispatcher = new Agent({
    connect: { ca: readFileSync(fixture.caFile), timeout: 60_000 },
    allowH2: false,
  });
  return async (path, signal) => {
    const answer = await request(`${gateway.url}/kubernetes/management${path}`, {
      dispatcher,
      signal,
      headers: { authorization: `Bearer ${keyOf(user)}` },
    });
    return { status: answer.statusCode, body: answer.body };
  };
}

/** Between two rounds of writing: without it the API server takes both cores from the gateway that starts. */
const paceMs = 20;

/** Creates, changes and deletes objects until `stop`, past the gateway. */
/** While no gateway is there: on a busy machine it may take half a minute, and API servers remember only so many events. */
const absence = { isNow: false, rounds: 0 };
const mostInAbsence = 20;

function write(once: (round: number) => Promise<void>) {
  let going = true;
  let rounds = 0;
  const writing = (async () => {
    for (; going; rounds++) {
      await once(rounds);
      await delay(paceMs);
      absence.rounds += 1;
      while (absence.isNow && absence.rounds >= mostInAbsence) await delay(paceMs);
    }
  })();
  return {
    async stop() {
      going = false;
      await writing;
      return rounds;
    },
  };
}

async function writeConfigMap(round: number): Promise<void> {
  const { core } = fixture.admin;
  const name = `object-${round % 20}`;
  const there = { name, namespace: 'p-alpha' };
  // Some are larger than what goes through at once: an event is cut in the middle if it can be.
  const data = { round: String(round), padding: 'x'.repeat(round % 7 === 0 ? 200_000 : 10) };
  const body = { metadata: { name }, data };
  await core.createNamespacedConfigMap({ namespace: 'p-alpha', body });
  await core.replaceNamespacedConfigMap({ ...there, body: { ...body, data: { ...data, again: 'yes' } } });
  if (round % 3 !== 0) return void (await core.deleteNamespacedConfigMap(there));
  await delay(5);
  await core.deleteNamespacedConfigMap(there);
}

/** Both ways to end, again and again; `events` of a client tell that it watches in each lifetime. */
async function restartGateway(
  times: number,
  events: readonly string[],
): Promise<Array<{ signal: string; ms: number }>> {
  const all = [];
  for (let index = 0; index < times; index++) {
    const signal = index % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
    const before = events.length;
    await delay(1_000);
    await eventually('it is watched', () => events.length > before);
    Object.assign(absence, { isNow: true, rounds: 0 });
    const { code, ms } = await gateway.end(signal);
    if (signal === 'SIGTERM') assert.equal(code, 0);
    all.push({ signal, ms });
    await delay(300); // something is written while nobody is there
    await gateway.start();
    absence.isNow = false;
  }
  return all;
}

function informed(user: string) {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(gateway.kubeconfig(user, '/kubernetes/management'));
  return kubeConfig;
}

describe('a gateway restarted while objects are written', { timeout: 600_000 }, () => {
  it('leaves no gap for clients that resume a watch', async (context) => {
    const own = createInformer<{ metadata: { name: string; resourceVersion?: string } }>({
      kubeConfig: informed('anna'),
      path: configMaps,
    });
    const stock = startStockInformer();
    const truth = await startReflector(configMaps, direct);
    const seen = await startReflector(configMaps, through('anna'));
    const start = Math.max(Number(truth.version), Number(seen.version));
    const writing = write(writeConfigMap);
    const restarts = await restartGateway(6, seen.events);
    const rounds = await writing.stop();
    const last = await fixture.admin.core.createNamespacedConfigMap({
      namespace: 'p-alpha',
      body: { metadata: { name: 'last' } },
    });
    await eventually('everybody has seen the last one', async () => {
      const version = last.metadata?.resourceVersion;
      const has = (key: string) => own.get(`p-alpha/${key}`)?.metadata.resourceVersion;
      return (
        truth.store.get('last') === version &&
        seen.store.get('last') === version &&
        has('last') === version &&
        stock.names().includes('last')
      );
    });
    const later = (events: readonly string[]) =>
      events.filter((event) => Number(event.split(' ')[2]) > start);
    assert.ok(later(truth.events).length > 300, `only ${truth.events.length} events`);
    assert.deepEqual(later(seen.events), later(truth.events), 'every change once, in order');
    assert.equal(seen.lists, 1, 'it never had to list again');
    const names = [...truth.store.keys()].toSorted();
    assert.deepEqual(
      own
        .list()
        .map(({ metadata }) => metadata.name)
        .toSorted(),
      names,
    );
    await eventually('the stock informer has the same', () => {
      assert.deepEqual(stock.names(), names);
      return true;
    });
    // Three of six were asked nicely: their watches ended like an API server's own.
    assert.ok(seen.ends.filter((end) => end === 'whole').length >= 3, seen.ends.join());
    const nicely = restarts.filter(({ signal }) => signal === 'SIGTERM').map(({ ms }) => ms);
    for (const ms of nicely) assert.ok(ms < 10_000, `it took ${ms} ms to stop`);
    context.diagnostic(
      `${rounds} rounds, ${later(seen.events).length} events, watches ended ${seen.ends.join(', ')}; ` +
        `stopped in ${nicely.join(', ')} ms`,
    );
    await Promise.all([truth.stop(), seen.stop(), own.stop(), stock.stop()]);
  });

  it('leaves no gap in filtered watches', async () => {
    const { resources } = fixture;
    const create = (name: string) =>
      resources.virtualclusterinstances.create({
        metadata: { name, namespace: 'p-alpha' },
        spec: { templateRef: { name: 'default' } },
      });
    for (let index = 0; index < 10; index++) await create(`kept-${index}`);
    const seen = await startReflector(instances, through('ben'));
    // Gone while nobody was there: the gateway that comes does not know that it was shown.
    assert.equal((await gateway.end('SIGTERM')).code, 0);
    await resources.virtualclusterinstances.delete({ name: 'kept-3', namespace: 'p-alpha' });
    await gateway.start();
    await eventually('it is seen to be gone', () => !seen.store.has('kept-3'));
    await create('kept-3');
    const writing = write(async (round) => {
      const there = { name: `kept-${round % 10}`, namespace: 'p-alpha' };
      await resources.virtualclusterinstances.patch(there, { spec: { description: `round ${round}` } });
      if (round % 4 !== 0) return;
      await resources.virtualclusterinstances.delete(there);
      await delay(20);
      if (round % 8 === 0) await create(there.name);
      else await create(`new-${round}`).then(() => create(there.name));
    });
    await restartGateway(4, seen.events);
    await writing.stop();
    const wanted = async () =>
      new Map(
        (await resources.virtualclusterinstances.list()).map(({ metadata }): [string, string] => [
          metadata.name,
          metadata.resourceVersion ?? '',
        ]),
      );
    await eventually('what is seen is what is there', async () => {
      assert.deepEqual(seen.store, await wanted());
      return true;
    });
    await seen.stop();
  });

  it('ends `kubectl get -w` as a dying API server does', async () => {
    const server = await startApiServer();
    try {
      const watching = (args: string[]) => {
        const child = spawn(findProgram('kubectl'), [...args, 'get', 'namespaces', '-w', '-o', 'name'], {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
        const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code, stderr }));
        return { ended, watches: () => stdout.includes('namespace/default') };
      };
      const plain = `${server.dir}/admin.conf`;
      writeFileSync(plain, server.adminKubeconfig, { mode: 0o600 });
      const path = '/kubernetes/management';
      const [killed, other] = [
        watching(['--kubeconfig', gateway.kubeconfig('anna', path)]),
        watching(['--kubeconfig', plain]),
      ];
      await eventually('both watch', () => killed.watches() && other.watches());
      await delay(500);
      await Promise.all([gateway.end('SIGKILL'), server.restart()]);
      const [through, bare] = await Promise.all([killed.ended, other.ended]);
      assert.deepEqual(through, bare);
      await gateway.start();
      const asked = watching(['--kubeconfig', gateway.kubeconfig('anna', path)]);
      await eventually('it watches', asked.watches);
      await delay(500);
      assert.equal((await gateway.end('SIGTERM')).code, 0);
      assert.deepEqual(await asked.ended, { code: 0, stderr: '' });
      await gateway.start();
    } finally {
      await server.stop();
    }
  });
});

/** client-node's own informer, begun again a moment after each error as its documentation says. */
function startStockInformer() {
  const kubeConfig = informed('anna');
  const get = async () => {
    const answer = await openRequest(kubeConfig, { path: configMaps });
    return (await answer.json()) as { items: V1ConfigMap[] };
  };
  const informer = makeInformer<V1ConfigMap>(kubeConfig, configMaps, get as never);
  let going = true;
  informer.on('error', () => {
    setTimeout(() => {
      if (going) informer.start().catch(() => undefined);
    }, 100);
  });
  informer.start().catch(() => undefined);
  return {
    names: () =>
      informer
        .list()
        .map(({ metadata }) => metadata?.name ?? '')
        .toSorted(),
    async stop() {
      going = false;
      await informer.stop();
    },
  };
}
