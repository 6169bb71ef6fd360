import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { CliWorld } from './cli-world.ts';
import { endOf } from './run-vcp.ts';

const password = 'a password of some length';
/** Where the gateway of the tests says that browsers find it. */
const origin = 'https://127.0.0.1:1';
const group = '/kubernetes/management/apis/management.loft.sh/v1';

/** Logins without a key: by browser. */
export function loginCases(cli: () => CliWorld): void {
  describe('vcp login by browser', () => {
    let env: Record<string, string>;
    const opened = () => join(cli().fixture.dir, 'opened');
    // Carl, since a new password ends all keys of its user.
    before(async () => {
      const { fixture } = cli();
      const profile = { spec: { password } };
      const set = await fixture.call('anna', 'POST', `${group}/users/carl/profile`, profile);
      assert.equal(set.status, 201, set.text);
      const browser = join(fixture.dir, 'browser');
      writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > '${opened()}'\n`, { mode: 0o700 });
      env = { VCP_CONFIG: join(fixture.dir, 'by-browser.json'), BROWSER: browser };
    });

    /** What the page does once carl has logged in and agreed. */
    async function agree(address: string): Promise<{ accessKey: string; leads: string | null }> {
      const { fixture } = cli();
      const { port, state } = Object.fromEntries(new URL(address).searchParams);
      const credentials = { username: 'carl', password };
      const session = await fixture.call('', 'POST', '/auth/session', credentials, { origin });
      const cookie = String(session.headers['set-cookie']).split(';')[0] ?? '';
      const inSession = { origin, cookie, 'x-csrf-token': String(session.json()['csrfToken']) };
      const made = await fixture.call('', 'POST', '/auth/session/key', undefined, inSession);
      const accessKey = String(made.json()['accessKey']);
      const answer = await fetch(`http://127.0.0.1:${port}/login?key=${accessKey}&state=${state}`, {
        redirect: 'manual',
      });
      return { accessKey, leads: answer.headers.get('location') };
    }

    it('opens the page, takes its key, and ends it at logout', async () => {
      const { fixture, start, vcp } = cli();
      const ended = endOf(start(['login', fixture.url, '--browser', '--ca-file', fixture.caFile], env));
      const address = await eventually('a browser is opened', () => readIfThere(opened()) || undefined);
      assert.match(address, new RegExp(`^${fixture.url}/login\\?cli=true&port=\\d+&state=[\\w-]{43}$`));
      const { accessKey, leads } = await agree(address);
      assert.equal(leads, `${fixture.url}/login?done=true`);
      const { code, stdout, stderr } = await ended;
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^logged in to https:.* as carl@example\.com/);
      assert.doesNotMatch(stdout + stderr, new RegExp(accessKey));
      assert.equal(JSON.parse((await vcp(['token'], env)).stdout).status.token, accessKey);
      assert.equal((await vcp(['login', fixture.url], env)).code, 0);
      assert.equal((await vcp(['logout'], env)).code, 0);
      await eventually('its key is over', async () => {
        const self = await fixture.call('', 'GET', `${group}/selves/self`, undefined, {
          authorization: `Bearer ${accessKey}`,
        });
        return self.status === 401;
      });
    });

    it('prints the address where no browser opens, and changes nothing at Ctrl-C', async () => {
      const { fixture, start, vcp } = cli();
      const without = { ...env, BROWSER: '', DISPLAY: '', WAYLAND_DISPLAY: '' };
      const child = start(['login', fixture.url, '--browser', '--ca-file', fixture.caFile], without);
      let told = '';
      child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
      const ended = endOf(child);
      const port = await eventually('the address is printed', () => {
        const [, found] = /^open in a browser on this machine: https:.*&port=(\d+)&.*\n/.exec(told) ?? [];
        return found;
      });
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130);
      assert.match(stderr, /\nthe login was cancelled; nothing has changed\n$/);
      await assert.rejects(fetch(`http://127.0.0.1:${port}/login`));
      assert.equal((await vcp(['token'], without)).code, 3);
    });

    it('asks for a key where there is no terminal', async () => {
      const { fixture, vcp } = cli();
      const { code, stderr } = await vcp(['login', fixture.url, '--ca-file', fixture.caFile], env);
      assert.equal(code, 2);
      assert.match(stderr, /^error: Invalid request: without a terminal .*--access-key <key> or --username/);
    });

    it('says what is wrong with the platform before it opens a browser', async () => {
      const { vcp } = cli();
      writeFileSync(opened(), '');
      const { code, stderr } = await vcp(['login', 'https://127.0.0.1:1', '--browser'], env);
      assert.equal(code, 8);
      assert.match(stderr, /^error: Management API unreachable: .*\(ECONNREFUSED\)/);
      assert.equal(readIfThere(opened()), '');
    });
  });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
