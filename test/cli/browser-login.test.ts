import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, it } from 'node:test';
import { beginBrowserLogin } from '../../cli/connection/browser-login.ts';

const platform = 'https://platform.test';

/** What the listener at `port` answers; `host` as browsers send it, unless it is said. */
function ask(
  port: string,
  path: string,
  { method = 'GET', host = `127.0.0.1:${port}` } = {},
): Promise<{ status: number; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers: { host } }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0, location: answer.headers.location });
    })
      .on('error', reject)
      .end();
  });
}

async function begin() {
  const { address, accessKey } = await beginBrowserLogin(platform);
  const { origin, pathname, searchParams } = new URL(address);
  const query = Object.fromEntries(searchParams) as Record<'cli' | 'port' | 'state', string>;
  return { page: `${origin}${pathname}`, accessKey, ...query };
}

describe('the listener of a login by browser', () => {
  it('takes the key that comes with its state, and stops', async () => {
    const { page, cli, port, state, accessKey } = await begin();
    assert.equal(page, `${platform}/login`);
    assert.equal(cli, 'true');
    assert.match(state, /^[A-Za-z0-9_-]{43}$/);
    const { status, location } = await ask(port, `/login?key=vcp_one&state=${state}`);
    assert.deepEqual([status, location], [303, `${platform}/login?done=true`]);
    assert.equal(await accessKey, 'vcp_one');
    await assert.rejects(ask(port, `/login?key=vcp_two&state=${state}`), { code: 'ECONNREFUSED' });
  });

  it('refuses everything else, and goes on waiting', async () => {
    const { port, state, accessKey } = await begin();
    const refused: [path: string, how?: { method?: string; host?: string }][] = [
      ['/login?key=vcp_evil'],
      [`/login?key=vcp_evil&state=`],
      [`/login?key=vcp_evil&state=${'A'.repeat(43)}`],
      [`/login?key=vcp_evil&state=${state.slice(1)}`],
      [`/login?key=vcp_evil&state=${encodeURIComponent(`${state.slice(0, 42)}é`)}`],
      [`/?key=vcp_evil&state=${state}`],
      [`/login?state=${state}`],
      [`/login?key=${encodeURIComponent('a\nb')}&state=${state}`],
      [`/login?key=${'a'.repeat(513)}&state=${state}`],
      [`/login?key=vcp_evil&state=${state}`, { method: 'POST' }],
      // A name of an attacker's that leads here: its pages could read answers.
      [`/login?key=vcp_evil&state=${state}`, { host: `evil.test:${port}` }],
    ];
    for (const [path, how] of refused) assert.equal((await ask(port, path, how)).status, 404, path);
    await ask(port, `/login?key=vcp_one&state=${state}`);
    assert.equal(await accessKey, 'vcp_one');
  });

  it('has a state and a port of its own each time', async () => {
    const [one, two] = [await begin(), await begin()];
    assert.notEqual(one.state, two.state);
    assert.notEqual(one.port, two.port);
    assert.equal((await ask(two.port, `/login?key=vcp_one&state=${one.state}`)).status, 404);
    for (const { port, state, accessKey } of [one, two]) {
      await ask(port, `/login?key=vcp_own&state=${state}`);
      assert.equal(await accessKey, 'vcp_own');
    }
  });
});
