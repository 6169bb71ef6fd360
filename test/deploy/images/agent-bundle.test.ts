import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../../support/platform.ts';

/** What image vcluster-platform/agent is built of, run as there: by a Node on PATH, far from this repository's modules. */
describe('the bundle of the agent', () => {
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-agent-'));
    const { code, stderr } = await run(process.execPath, ['scripts/pack-agent.ts', dir]);
    assert.equal(code, 0, stderr);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const agent = (config: object) => {
    writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
    return run(join(dir, 'agent'), ['--config', 'config.json'], { cwd: dir, env });
  };

  test('is one file beside what starts it', () => {
    assert.deepEqual(
      readdirSync(dir).filter((name) => name !== 'config.json'),
      ['Dockerfile', 'agent', 'main.mjs'],
    );
  });

  test('starts, and says what is wrong with its configuration and surroundings', async () => {
    const config = { url: 'https://platform.test', credential: { secret: 'a' }, namespace: 'fleet' };
    const unknown = await agent({ ...config, colour: 'red' });
    assert.match(unknown.stderr, /config\.json is not valid: \/colour is not a setting here/);
    const outside = await agent(config);
    assert.notEqual(outside.code, 0);
    assert.match(outside.stderr, /the agent has no way to its own cluster: it does not run in a pod/);
  });
});
