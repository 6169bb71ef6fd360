import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import type { Operation } from '../../contracts/operations.ts';
import { keyOf } from '../api/user-calls.ts';
import { hashOf } from '../api/test-gateway.ts';
import { eventually } from '../support/eventually.ts';
import { type CliWorld, type Ended, endOf } from './cli-world.ts';

/** What goes wrong between a person and the platform: one line says it, and the exit code is that of its error. */
export function failureCases(cli: () => CliWorld): void {
  describe('vcp where something is in the way', () => {
    const servers: Server[] = [];
    let ca: string;
    const listen = async (server: Server): Promise<number> => {
      servers.push(server.listen(0, '127.0.0.1'));
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };
    const other = async (names: string[], answer: RequestListener): Promise<number> => {
      const authority = await createCertificateAuthority('other');
      const { certificate: cert, key } = await authority.issue({
        commonName: 'other',
        names,
        usages: ['server'],
      });
      ca = authority.certificate;
      return listen(createServer({ cert, key }, answer));
    };
    after(() => {
      for (const server of servers) server.close();
    });
    /** A list from the platform that a login file names. */
    const listAt = (url: string, login: object = {}): Promise<Ended> => {
      const file = join(cli().fixture.dir, `failing-${new URL(url).port}.json`);
      writeFileSync(file, JSON.stringify({ url, accessKey: keyOf('ben'), ...login }));
      return cli().vcp(['list', 'vclusters'], { VCP_CONFIG: file });
    };
    const fails = ({ code, stdout, stderr }: Ended, exitCode: number, line: RegExp) => {
      assert.equal(code, exitCode, stderr);
      assert.match(stderr, line);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.equal(stdout, '');
    };

    for (const [status, contentType] of [
      [200, 'text/html'],
      [404, 'text/html'],
      [404, 'application/json'],
    ] as const)
      it(`a server that is something else and answers ${status} with ${contentType}`, async () => {
        const port = await other(['127.0.0.1'], (_request, response) => {
          response.writeHead(status, { 'content-type': contentType });
          response.end(contentType === 'text/html' ? '<html>hello</html>' : '"nothing"');
        });
        fails(
          await listAt(`https://127.0.0.1:${port}`, { certificateAuthority: ca }),
          2,
          /the server at https:.* is not vcluster-platform .*; try: vcp login <url>\n$/,
        );
      });

    it('a proxy in front of the platform that is out of order', async () => {
      const port = await other(['127.0.0.1'], (_request, response) => {
        response.writeHead(502).end('<html>Bad Gateway</html>');
      });
      const ended = await listAt(`https://127.0.0.1:${port}`, { certificateAuthority: ca });
      fails(ended, 8, /responded 502 \(management_unavailable\)\n$/);
    });

    it('a platform that does not know what is asked, as an older one', async () => {
      const port = await other(['127.0.0.1'], (_request, response) => {
        response.writeHead(404, { 'content-type': 'application/problem+json' });
        response.end(
          JSON.stringify({ code: 'not_found', detail: 'no route for GET /api/v1/virtualclusters' }),
        );
      });
      const ended = await listAt(`https://127.0.0.1:${port}`, { certificateAuthority: ca });
      fails(ended, 4, /may be older than this vcp \(not_found\); try: vcp version\n$/);
    });

    it('a server without TLS', async () => {
      const port = await listen(createPlainServer((_request, response) => response.end('hello')));
      fails(
        await listAt(`https://127.0.0.1:${port}`),
        2,
        /does not speak HTTPS \([A-Z_]+\) \(invalid_request\)/,
      );
    });

    it('a server that hangs up', async () => {
      const port = await listen(
        createPlainServer().on('connection', (socket) => {
          socket.destroy();
        }),
      );
      fails(await listAt(`https://127.0.0.1:${port}`), 8, /is unreachable .*\(management_unavailable\)\n$/);
    });

    it('a certificate of an unknown authority, and one for another name', async () => {
      const port = await other(['other.test'], (_request, response) => response.end('{}'));
      const url = `https://127.0.0.1:${port}`;
      const hint = /cannot be verified \([A-Z_]+\): log in with --ca-file <file>, or --insecure/;
      fails(await listAt(url), 2, hint);
      fails(await listAt(url, { certificateAuthority: ca }), 2, hint);
    });

    it('an access key that has expired', async () => {
      const { fixture, vcp } = cli();
      await fixture.resources.accesskeys.create({
        metadata: { name: 'short' },
        spec: { user: 'ben', keyHash: hashOf('short-lived'), ttl: 1 },
      });
      const env = { VCP_CONFIG: join(fixture.dir, 'short.json') };
      writeFileSync(
        env.VCP_CONFIG,
        JSON.stringify({ url: fixture.url, accessKey: 'short-lived', insecure: true }),
      );
      const ended = await eventually('the key is over', async () => {
        const tried = await vcp(['list', 'vclusters'], env);
        return tried.code === 0 ? undefined : tried;
      });
      fails(ended, 3, /^error: Not logged in: .*\(unauthenticated, request .*\); try: vcp login <url>\n$/);
    });

    it('no password, and no terminal to type one', async () => {
      const { fixture } = cli();
      const child = cli().start(['login', fixture.url, '--username', 'ben', '--ca-file', fixture.caFile]);
      child.stdin?.end();
      const ended = await endOf(child);
      fails(ended, 2, /^error: Invalid request: no password was given/);
    });
  });

  describe('vcp that is ended from outside', () => {
    before(async () => {
      const { fixture, vcp } = cli();
      const login = ['login', fixture.url, '--access-key', keyOf('ben'), '--ca-file', fixture.caFile];
      assert.equal((await vcp(login)).code, 0);
    });

    it('leaves an operation going on at Ctrl-C, and says so', async () => {
      const child = cli().start(['snapshot', 'create', 'demo', '-p', 'alpha', '--name', 'slow']);
      const ended = endOf(child);
      let told = '';
      child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
      const id = await eventually(
        'the operation is shown',
        () => /operation ([0-9a-f-]{36})/.exec(told)?.[1],
      );
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130);
      assert.match(
        stderr,
        new RegExp(`\nthe snapshot goes on; follow it with: vcp operations watch ${id}, `),
      );
      assert.doesNotMatch(stderr, /\p{Cc}(?<!\n)/u);
      const operation = JSON.parse(await cli().succeeds('operations', 'get', id, '-o', 'json')) as Operation;
      assert.equal(operation.state, 'queued');
      await cli().succeeds('operations', 'cancel', id);
    });

    it('shows a list, then what is new and what is gone, until Ctrl-C', async () => {
      const { fixture, start } = cli();
      const child = start(['list', 'vclusters', '-p', 'alpha', '--watch']);
      const ended = endOf(child);
      let shown = '';
      child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      await eventually('the list is shown', () => /^NAME .*\n(?:.*\n)*demo /.test(shown));
      await fixture.resources.virtualclusterinstances.create({
        metadata: { name: 'seen', namespace: 'p-alpha' },
        spec: { templateRef: { name: 'default' } },
      });
      await eventually('the new one is shown', () => /\nseen +alpha /.test(shown));
      assert.equal(shown.match(/^NAME/gm)?.length, 1);
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130);
      assert.equal(stderr, '');
    });

    it('redraws the steps on a terminal, and leaves them there at Ctrl-C', async (t) => {
      if (spawnSync('script', ['--version']).error !== undefined) {
        t.skip('script, which gives a program a terminal, is not installed');
        return;
      }
      const { fixture, configFile, succeeds } = cli();
      const main = join(import.meta.dirname, '../../cli/main.ts');
      const typescript = join(fixture.dir, 'typescript');
      const onTerminal = (args: string) =>
        spawn('script', ['-qefc', `'${process.execPath}' '${main}' ${args}`, typescript], {
          env: { ...process.env, HOME: fixture.dir, VCP_CONFIG: configFile() },
          stdio: ['pipe', 'pipe', 'pipe'],
        });
      const slept = await endOf(onTerminal('sleep vcluster demo -p alpha'));
      assert.equal(slept.code, 0, slept.stdout);
      assert.ok(slept.stdout.includes('\u001b[2K  '), slept.stdout);
      assert.match(slept.stdout, /tenant cluster demo is asleep/);
      const child = onTerminal('snapshot create demo -p alpha --name slow');
      let shown = '';
      child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      const ended = endOf(child);
      const id = await eventually('steps are shown', () =>
        shown.includes('Recording result') ? /operation ([0-9a-f-]{36})/.exec(shown)?.[1] : undefined,
      );
      child.stdin.write('\u0003');
      const { code, stdout } = await ended;
      assert.equal(code, 130);
      assert.match(stdout, /the snapshot goes on; follow it with: vcp operations watch /);
      await succeeds('operations', 'cancel', id);
    });

    it('is content with a reader that has seen enough', async () => {
      const child = cli().start(['operations', 'list', '-p', 'alpha', '-o', 'json']);
      child.stdout?.destroy();
      const { code, stderr } = await endOf(child);
      assert.equal(code, 0);
      assert.equal(stderr, '');
    });
  });
}
