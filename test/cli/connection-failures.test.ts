import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createClient } from '../../cli/connection/client.ts';
import { errorTable } from '../../contracts/errors.ts';
import { type Ended, endOf, main, runVcp, startVcp } from './run-vcp.ts';
import { createSmallServers, expiredCertificate, type SmallServer, type SmallServers } from './tls-server.ts';

/** What goes wrong between a person and the platform: one line says it, and the exit code is that of its error. */
let servers: SmallServers;
let dir: string;
before(async () => {
  servers = await createSmallServers();
  dir = mkdtempSync(join(tmpdir(), 'vcp-failures-'));
});
after(() => {
  servers?.stop();
  rmSync(dir, { recursive: true, force: true });
});

let logins = 0;
/** A login file for a server. */
function loginAt({ url, ...login }: { url: string } & Partial<SmallServer>): Record<string, string> {
  const file = join(dir, `login-${++logins}.json`);
  writeFileSync(file, JSON.stringify({ url, accessKey: 'a', ...login }));
  return { VCP_CONFIG: file, HOME: dir, HTTPS_PROXY: '', https_proxy: '' };
}

function list(server: { url: string } & Partial<SmallServer>): Promise<Ended> {
  return runVcp(['list', 'vclusters'], loginAt(server));
}

function fails({ code, stdout, stderr }: Ended, exitCode: number, line: RegExp): void {
  assert.equal(code, exitCode, stderr);
  assert.match(stderr, line);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
  assert.equal(stdout, '');
}

const json = { 'content-type': 'application/json' };
const problem =
  (status: number, body: object): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
  };

describe('vcp where the address is wrong', () => {
  for (const [status, contentType] of [
    [200, 'text/html'],
    [404, 'text/html'],
    [404, 'application/json'],
  ] as const)
    it(`a server that is something else and answers ${status} with ${contentType}`, async () => {
      const server = await servers.https((_request, response) => {
        response.writeHead(status, { 'content-type': contentType });
        response.end(contentType === 'text/html' ? '<html>hello</html>' : '"nothing"');
      });
      fails(
        await list(server),
        2,
        /the server at https:.* is not vcluster-platform .*; try: vcp login <url>\n$/,
      );
    });

  it('a name that does not resolve', async () => {
    // Its first label is too long for a name: no name server is asked.
    const url = `https://${'a'.repeat(64)}.invalid`;
    fails(
      await list({ url }),
      8,
      /is unreachable \(its name is unknown: ENOTFOUND\) \(management_unavailable\)\n$/,
    );
  });

  it('a port at which nothing listens', async () => {
    fails(await list({ url: 'https://127.0.0.1:1' }), 8, /is unreachable \(ECONNREFUSED\)/);
  });

  it('a server without TLS', async () => {
    const { url } = await servers.tcp((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
    fails(await list({ url }), 2, /does not speak HTTPS \([A-Z_]+\) \(invalid_request\)/);
  });

  it('no network', async (t) => {
    // In a network of its own there is not even a loopback.
    const alone = ['-rn', process.execPath, main, 'list', 'vclusters'];
    if (spawnSync('unshare', ['-rn', 'true']).status !== 0) {
      t.skip('this machine does not let its users make a network namespace');
      return;
    }
    const env = { ...process.env, ...loginAt({ url: 'https://127.0.0.1:1' }) };
    const { status, stdout, stderr } = spawnSync('unshare', alone, { encoding: 'utf8', env });
    fails(
      { code: status ?? -1, stdout, stderr },
      8,
      /\(this machine has no network that leads there: ENETUNREACH\)/,
    );
  });
});

describe('vcp where the certificate is not right', () => {
  const hello: RequestListener = (_request, response) => response.end('{}');

  it('one of another authority', async () => {
    const { url } = await servers.https(hello);
    const line =
      /cannot be verified \([A-Z_]+\): log in with --ca-file <file>, or with --insecure .*; try: vcp login https:.* --ca-file <file>\n$/;
    fails(await list({ url }), 2, line);
  });

  it('one for another name', async () => {
    const server = await servers.https(hello, { names: ['other.test'] });
    fails(
      await list(server),
      2,
      /is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\): log in at an address/,
    );
  });

  it('one that has expired', async () => {
    const pair = await expiredCertificate();
    const server = await servers.https(hello, { pair });
    fails(await list(server), 2, /has expired \(CERT_HAS_EXPIRED\): it has to be renewed there/);
  });
});

describe('vcp where the platform does not answer well', () => {
  it('a proxy in front of it that is out of order', async () => {
    const server = await servers.https((_request, response) => {
      response.writeHead(502).end('<html>Bad Gateway</html>');
    });
    fails(await list(server), 8, /responded 502 \(management_unavailable\)\n$/);
  });

  it('a server that hangs up', async () => {
    const { url } = await servers.tcp((socket) => socket.destroy());
    fails(await list({ url }), 8, /is unreachable .*\(management_unavailable\)\n$/);
  });

  it('a server that breaks off in the middle of an answer', async () => {
    const half = (response: ServerResponse) => {
      response.writeHead(200, { ...json, 'content-length': '1000' });
      response.write('{"items": [');
      setTimeout(() => response.destroy(), 50);
    };
    const server = await servers.https((_request, response) => half(response));
    fails(
      await list(server),
      8,
      /the answer of the platform at https:.* broke off \(it closed the connection\) \(management_unavailable\)\n$/,
    );
    // Who asked for a change is told that it may have been made.
    const sleeping = await runVcp(['sleep', 'vcluster', 'demo'], loginAt(server));
    fails(sleeping, 8, /broke off .*; what you asked for may have been done: look before you ask again/);
  });

  it('servers that accept and say nothing, or nothing more', async () => {
    const limits = { connectMs: 10_000, answerMs: 10_000, silenceMs: 10_000 };
    const ask = async (server: SmallServer, less: Partial<typeof limits>) => {
      const client = createClient({ ...server, accessKey: 'a' }, { ...limits, ...less });
      try {
        return await client.call('GET', '/version');
      } finally {
        await client.close();
      }
    };
    const mute = await servers.tcp(() => undefined);
    const away = { code: 'management_unavailable' };
    await assert.rejects(ask(mute, { connectMs: 200 }), { ...away, message: /no connection within 0\.2 s/ });
    const slow = await servers.https(() => undefined);
    await assert.rejects(ask(slow, { answerMs: 200 }), { ...away, message: /no answer within 0\.2 s/ });
    const stuck = await servers.https((_request, response) => {
      response.writeHead(200, json).write('{');
    });
    await assert.rejects(ask(stuck, { silenceMs: 200 }), {
      ...away,
      message: /broke off \(nothing more within/,
    });
  });
});

describe('vcp beside a platform of another version', () => {
  it('an older one that does not have a route', async () => {
    const detail = 'no route for GET /api/v1/virtualclusters';
    const server = await servers.https(problem(404, { code: 'not_found', detail }));
    fails(await list(server), 4, /may be older than this vcp \(not_found\); try: vcp version\n$/);
  });

  it('an older one that does not know a field, and does not do what was to be tried', async () => {
    const detail = 'body/dryRun: is not a known field';
    const server = await servers.https(problem(400, { code: 'invalid_request', detail }));
    fails(
      await runVcp(['sleep', 'vcluster', 'demo', '--dry-run=server'], loginAt(server)),
      2,
      /body\/dryRun: is not a known field: the platform may be older than this vcp .*; try: vcp version\n$/,
    );
  });

  it('a newer one with errors of its own', async () => {
    const detail = 'there are too many of them';
    const server = await servers.https(problem(409, { code: 'a_new_code', title: 'New', detail }));
    fails(
      await list(server),
      5,
      /^error: Conflicts with the current state: there are too many of them \(conflict\)\n$/,
    );
  });

  it('a newer one whose objects say more', async () => {
    const item = { name: 'demo', project: 'default', phase: 'Dreaming', news: { of: ['tomorrow'] } };
    const server = await servers.https((_request, response) => {
      response.writeHead(200, json).end(JSON.stringify({ items: [item], more: true }));
    });
    const { code, stdout, stderr } = await list(server);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\ndemo +default +Dreaming/);
  });

  it('a key that is over', async () => {
    const detail = 'access key "ci" has expired';
    const server = await servers.https(problem(401, { code: 'unauthenticated', detail }));
    fails(await list(server), 3, /^error: Not logged in: .*\(unauthenticated\); try: vcp login <url>\n$/);
  });
});

describe('vcp with a reader that has seen enough', () => {
  const listOf =
    (length: number): RequestListener =>
    (_request, response) => {
      const items = Array.from({ length }, (_, index) => ({
        name: `tenant-${index}`,
        project: 'default',
        phase: 'Ready',
      }));
      response.writeHead(200, json).end(JSON.stringify({ items }));
    };

  it('ends without a word in a pipe', async () => {
    const env = { ...process.env, ...loginAt(await servers.https(listOf(20_000))) };
    const command = '"$0" "$1" list vclusters -o name | head -1; exit "${PIPESTATUS[0]}"';
    const shell = spawn('bash', ['-c', command, process.execPath, main], { env });
    assert.deepEqual(await endOf(shell), { code: 0, stdout: 'vcluster/tenant-0\n', stderr: '' });
  });

  it('ends a watch, too', async () => {
    const child = startVcp(['list', 'vclusters', '--watch'], loginAt(await servers.https(listOf(100))));
    child.stdout?.destroy();
    const { code, stderr } = await endOf(child);
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('ends a watch at Ctrl-C with 130', async () => {
    const child = startVcp(['list', 'vclusters', '--watch'], loginAt(await servers.https(listOf(100))));
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const { code, stderr } = await endOf(child);
    assert.deepEqual([code, stderr], [130, '']);
  });
});

describe('the exit codes in docs/guides/command-line.md', () => {
  it('are those of the errors', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/guides/command-line.md'), 'utf8');
    const rows = [...text.matchAll(/^\| (\d+) \| [^|]+ \| ([^|]*) \|$/gm)];
    const documented = rows.flatMap(([, code, names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => `${name} ${code}`),
    );
    const errors = Object.entries(errorTable).map(([name, { exitCode }]) => `${name} ${exitCode}`);
    assert.deepEqual(documented.toSorted(), errors.toSorted());
  });
});
