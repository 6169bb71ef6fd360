import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { Upstream } from '../../api/upstreams/upstream.ts';
import { createUpstream } from '../../api/upstreams/upstream.ts';
import type { ConnectedCluster } from '../../api/tunnel/connected-clusters.ts';
import { type Way, type WayName, ways } from '../support/tunnel-pair.ts';
import { type Echo, type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { type IdentityCase, rows } from './identity-case.ts';
import { identityCases } from './identity-cases.ts';
import { reservedOwners } from './identity-header-cases.ts';
import { matrixSpace } from './identity-space-cases.ts';
import { annaGroups, hashOf, startTestGateway, type TestGateway, testObjects } from './test-gateway.ts';

/**
 * What arrives at an upstream of requests that try to be somebody else, written on bare sockets because HTTP clients
 * refuse to send most of them.
 * @param by how the gateway reaches the upstreams
 */
export function identityMatrix(by: WayName): void {
  let way: Way;
  let upstream: EchoUpstream;
  let other: EchoUpstream;
  let otherUpstream: Upstream;
  let gateway: TestGateway;
  /** The same echo, as connected cluster. */
  let connected: Upstream;
  let counted = 0;
  let deviating = 0;

  before(async () => {
    way = await ways[by]();
    upstream = await startEchoUpstream();
    other = await startEchoUpstream();
    otherUpstream = createUpstream(other.target, () => way.dial(other.target.host, other.target.port));
    const objects = testObjects();
    for (const [name, spec] of Object.entries(reservedOwners)) {
      objects.users.push({ metadata: { name }, spec });
      objects.accessKeys.push({ metadata: { name }, spec: { user: name, keyHash: hashOf(`key-${name}`) } });
    }
    for (let index = 0; index < 100; index += 1) {
      const name = `user-${index}`;
      objects.users.push({ metadata: { name }, spec: { groups: [`only-${name}`] } });
      objects.accessKeys.push({ metadata: { name }, spec: { user: name, keyHash: hashOf(`key-${name}`) } });
    }
    const { project, name, namespace, cluster } = matrixSpace;
    objects.spaces.push({
      metadata: { name, namespace: `p-${project}` },
      spec: { clusterRef: { cluster, namespace } },
      status: { phase: 'Ready', observedHash: 'a' },
    });
    connected = createUpstream(upstream.target, () => way.dial(upstream.target.host, upstream.target.port));
    gateway = await startTestGateway({
      target: upstream.target,
      dial: way.dial,
      objects,
      clusters: {
        get: async () => ({ upstream: connected }) as ConnectedCluster,
        recheck: () => undefined,
        close: async () => undefined,
      },
    });
  });
  after(async () => {
    await gateway?.close();
    await otherUpstream?.close();
    await connected?.close();
    await way?.close();
    await Promise.all([upstream?.close(), other?.close()]);
  });

  /** Values of header `name`, in any case and with `_` for `-`. */
  function valuesOf(echo: Echo, name: string): string[] {
    return echo.rawHeaders.filter(
      (_value, index) =>
        index % 2 === 1 && echo.rawHeaders[index - 1]?.toLowerCase().replaceAll('_', '-') === name,
    );
  }

  const strange =
    /^(impersonate(?!-user$|-group$)|x-remote-|x-forwarded-|x-original-|x-rewrite-|x-real-|x-request-id$|forwarded$|via$|authorization|proxy-|cookie|trailer$|te$)/;

  function assertAnna(echo: Echo): void {
    assert.deepEqual(valuesOf(echo, 'impersonate-user'), ['anna@example.com']);
    assert.deepEqual(valuesOf(echo, 'impersonate-group'), annaGroups);
    assert.equal(valuesOf(echo, 'audit-id').length, 1);
    assert.notEqual(valuesOf(echo, 'audit-id')[0], 'mine');
    const names = echo.rawHeaders
      .filter((_name, index) => index % 2 === 0)
      .map((name) => name.toLowerCase().replaceAll('_', '-'));
    assert.deepEqual(
      names.filter((name) => strange.test(name)),
      [],
    );
    assert.equal(echo.certificate, 'vcluster-platform:gateway');
  }

  /** The first answer in full, or what came until the gateway closed. */
  async function answerTo(bytes: string): Promise<string> {
    const socket = await gateway.socket();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let text = '';
    const timer = setTimeout(() => reject(new Error(`no answer: ${text}`)), 30_000);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const [head = '', ...body] = text.split('\r\n\r\n');
      if (/^HTTP\/1\.1 101 /.test(head) && body.length > 0) resolve();
      const length = /content-length: (\d+)/i.exec(head)?.[1];
      if (length !== undefined && body.join('\r\n\r\n').length >= Number(length)) resolve();
      if (/transfer-encoding: chunked/i.test(head) && text.endsWith('\r\n0\r\n\r\n')) resolve();
    });
    socket.on('error', () => resolve());
    socket.on('end', () => resolve());
    socket.write(bytes, 'utf8');
    await promise;
    clearTimeout(timer);
    socket.destroy();
    return text;
  }

  /** Why the outcome is not the expected one, or undefined. */
  async function deviation(
    { name, bytes, expected, url }: IdentityCase,
    mark: string,
  ): Promise<string | undefined> {
    const answer = await answerTo(bytes(mark));
    const arrived = upstream.received.filter(({ url: path }) => path.includes(mark));
    try {
      if (expected === 'refused') {
        assert.match(answer, /^HTTP\/1\.1 4\d\d |^$/);
        assert.deepEqual(arrived, []);
        return undefined;
      }
      assert.match(answer, /^HTTP\/1\.1 (200|101) /);
      assert.doesNotMatch(answer.split('\r\n\r\n', 1)[0] ?? '', /set-cookie|impersonate|authorization/i);
      assert.equal(arrived.length, 1);
      const [echo] = arrived as [Echo];
      assert.equal(echo.url, url(mark));
      assertAnna(echo);
      return undefined;
    } catch (error) {
      return `${name}: ${(error as Error).message} (answer: ${answer.slice(0, 200)})`;
    }
  }

  /** Runs the cases some at a time. */
  async function deviations(cases: readonly IdentityCase[], start: number): Promise<string[]> {
    const found: string[] = [];
    const queue = cases.map((one, index) => [one, `case=${start + index}.`] as const);
    const run = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const deviating = await deviation(...next);
        if (deviating !== undefined) found.push(deviating);
      }
    };
    await Promise.all(Array.from({ length: 12 }, run));
    return found;
  }

  function count(context: TestContext, cases: number): void {
    assert.ok(cases >= 5, `only ${cases} cases`);
    counted += cases;
    context.diagnostic(`${cases} cases`);
  }

  describe(`what arrives upstream, reached ${by}`, () => {
    for (const row of Object.values(rows)) {
      it(row, async (context) => {
        const cases = identityCases.filter((one) => one.row === row);
        const found = await deviations(cases, counted);
        count(context, cases.length);
        deviating += found.length;
        assert.deepEqual(found, []);
      });
    }

    it('kept-alive connections never mix users', async (context) => {
      const path = '/kubernetes/management/api/v1/namespaces';
      const ask = async (name: string) =>
        [name, JSON.parse((await gateway.call('GET', path, { key: `key-${name}` })).text) as Echo] as const;
      const users = Array.from({ length: 100 }, (_, index) => `user-${index}`);
      const answers: Awaited<ReturnType<typeof ask>>[] = [];
      for (let index = 0; index < users.length; index += 10)
        answers.push(...(await Promise.all(users.slice(index, index + 10).map(ask))));
      for (const [name, echo] of answers) {
        assert.deepEqual(valuesOf(echo, 'impersonate-user'), [name]);
        assert.deepEqual(valuesOf(echo, 'impersonate-group'), [
          `only-${name}`,
          'system:authenticated',
          `loft:user:${name}`,
        ]);
      }
      assert.ok(upstream.connections() < 100);
      count(context, users.length);
    });

    it('GHSA-v574-6498-x57v: tenants whose names join to the same text never cross', async (context) => {
      const pairs = [
        ['a', 'bc'],
        ['ab', 'c'],
        ['a-b', 'c'],
        ['a', 'b-c'],
        ['a', 'a'],
        ['aa', 'a'],
        ['a', 'aa'],
      ] as const;
      const objects = testObjects();
      for (const [project, name] of pairs) {
        objects.instances.push({
          metadata: { name, namespace: `p-${project}` },
          spec: {},
          status: { phase: 'Ready' },
        } as (typeof objects.instances)[number]);
      }
      // Each second tenant lives at the other upstream.
      const isOther = (namespace = '', name = '') =>
        pairs.findIndex(([project, tenant]) => `p-${project}` === namespace && tenant === name) % 2 === 1;
      const management = createUpstream(upstream.target, () =>
        way.dial(upstream.target.host, upstream.target.port),
      );
      const crossing = await startTestGateway({
        target: upstream.target,
        dial: way.dial,
        objects,
        tenants: {
          get: async ({ metadata }) =>
            isOther(metadata.namespace, metadata.name) ? otherUpstream : management,
          recheck: () => undefined,
          keepOnly: () => undefined,
          close: async () => undefined,
        },
      });
      try {
        const rounds = Array.from({ length: 3 }, () => pairs.map((pair) => pair)).flat();
        await Promise.all(
          rounds.map(async ([project, name], index) => {
            const path = `/kubernetes/project/${project}/virtualcluster/${name}/api?cross=${index}.`;
            assert.equal((await crossing.call('GET', path)).status, 200);
            const [here, there] = isOther(`p-${project}`, name) ? [other, upstream] : [upstream, other];
            assert.equal(here.received.filter(({ url }) => url === `/api?cross=${index}.`).length, 1);
            assert.equal(there.received.filter(({ url }) => url === `/api?cross=${index}.`).length, 0);
          }),
        );
        count(context, rounds.length);
      } finally {
        await crossing.close();
        await management.close();
      }
    });

    it('CVE-2023-44487: only HTTP/1.1 is negotiated by ALPN', async (context) => {
      const offers = [
        ['h2'],
        ['h2', 'http/1.1'],
        ['http/1.1', 'h2'],
        ['h2c', 'http/1.1'],
        ['http/1.0'],
        ['h3', 'h2'],
      ];
      for (const ALPNProtocols of offers) {
        const socket = connectTls({
          host: '127.0.0.1',
          port: gateway.port,
          ca: gateway.certificateAuthority,
          ALPNProtocols,
        });
        socket.on('error', () => undefined);
        await new Promise((resolve) => {
          socket.once('secureConnect', resolve);
          socket.once('close', resolve);
        });
        assert.ok([false, null, 'http/1.1'].includes(socket.alpnProtocol), String(socket.alpnProtocol));
        socket.destroy();
      }
      count(context, offers.length);
    });

    it('CVE-2026-33805, CVE-2026-1525 and others: libraries have the fixed versions', (context) => {
      const lock = JSON.parse(
        readFileSync(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8'),
      ) as {
        packages: Record<string, { version?: string }>;
      };
      const floors: Record<string, number[]> = {
        fastify: [5, 8, 3],
        undici: [7, 24, 0],
        '@fastify/reply-from': [12, 6, 2],
        ws: [8, 17, 1],
        jose: [4, 15, 5],
        protobufjs: [7, 2, 5],
      };
      for (const [name, floor] of Object.entries(floors)) {
        const installed = Object.entries(lock.packages).filter(([path]) =>
          path.endsWith(`node_modules/${name}`),
        );
        assert.ok(installed.length > 0, name);
        for (const [path, { version = '0' }] of installed) {
          const order = version
            .split('.')
            .map(Number)
            .map((part, index) => part - (floor[index] ?? 0))
            .find((part) => part !== 0);
          assert.ok((order ?? 0) >= 0, `${path} ${version}`);
        }
      }
      // What stands before upgrades of ours must not come back by a library.
      assert.ok(
        !Object.keys(lock.packages).some((path) =>
          /node_modules\/(@fastify\/http-proxy|http-proxy)$/.test(path),
        ),
      );
      count(context, Object.keys(floors).length);
    });

    it("is the platform's identity in every case", (context) => {
      context.diagnostic(`${counted} cases, ${deviating} deviations`);
      assert.equal(deviating, 0);
      assert.ok(counted >= 300, `only ${counted} cases`);
    });
  });
}
