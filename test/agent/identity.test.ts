import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createFileStore } from '../../agent/credential-store.ts';
import { openIdentity } from '../../agent/identity.ts';
import { createPlatformApi, RefusedByPlatform } from '../../agent/platform-api.ts';
import { createLogger } from '../../adapters/logging.ts';
import { agentPaths } from '../../contracts/agents.ts';
import { hashOf, startTestPlatform, type TestPlatform } from './test-platform.ts';

const logger = createLogger('test', 'silent');

describe('the identity of an agent', () => {
  let platform: TestPlatform;
  let count = 0;
  before(async () => {
    platform = await startTestPlatform();
  });
  after(() => platform.close());

  /** An agent's store and join key, new ones for each test. */
  function newAgent({ hasKey = true } = {}) {
    const file = join(platform.dir, `agent-${count++}`, 'credential');
    const key = `vcpj_${count}`;
    platform.joinKeys.set(key, undefined);
    const held: { joinKey: string | undefined } = { joinKey: hasKey ? key : undefined };
    Object.assign(platform, { before: undefined, after: undefined });
    platform.requests.length = 0;
    const api = createPlatformApi(platform);
    return {
      file,
      held,
      api,
      stored: () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>,
      /** As a process that starts. */
      start: (replacedMs?: number) =>
        openIdentity({
          store: createFileStore(file),
          platform: api,
          joinKey: async () => held.joinKey,
          about: async () => ({ clusterUid: 'uid-1', agentVersion: '1' }),
          logger,
          ...(replacedMs === undefined ? {} : { replacedMs }),
        }),
    };
  }
  const statuses = (path: string) => platform.requests.filter((one) => one.path === path);

  it('is made by joining, which uses the join key up', async () => {
    const agent = newAgent();
    platform.before = (request) => {
      // Saved before it is used.
      assert.equal(hashOf(String(agent.stored()['next'])), request.body['credentialHash']);
      return undefined;
    };
    const identity = await agent.start();
    const credential = await identity.credential();
    assert.match(credential, /^vcpa_[A-Za-z0-9_-]{43}$/);
    assert.equal(platform.joinKeys.get(String(agent.held.joinKey)), hashOf(credential));
    assert.deepEqual(Object.keys(platform.requests[0]?.body ?? {}).toSorted(), [
      'agentVersion',
      'clusterUid',
      'credentialHash',
    ]);
    const { since, ...stored } = agent.stored();
    assert.deepEqual(stored, { credential, generation: 1, cluster: 'test' });
    assert.ok(Math.abs(Date.now() - Date.parse(String(since))) < 60_000);
    assert.equal(statSync(agent.file).mode & 0o777, 0o600);
    const again = await agent.start();
    assert.equal(await again.credential(), credential);
    assert.equal(again.generation, 2);
    assert.equal(again.cluster, 'test');
    assert.equal(statuses(agentPaths.join).length, 1);
  });

  it('is the same when the answer to the join was lost, or the process ended before it', async () => {
    const agent = newAgent();
    platform.after = () => 'cut';
    const identity = await agent.start();
    await assert.rejects(identity.credential());
    const { next } = agent.stored();
    platform.after = undefined;
    assert.equal(await (await agent.start()).credential(), next);
    assert.equal(await identity.credential(), next, 'another process went on');
    assert.deepEqual(
      statuses(agentPaths.join).map(({ status }) => status),
      ['cut', 200],
    );
  });

  it('is one for all that ask at once', async () => {
    const agent = newAgent();
    const identity = await agent.start();
    const asked = await Promise.all([identity.credential(), identity.credential()]);
    assert.equal(asked[0], asked[1]);
    assert.equal(statuses(agentPaths.join).length, 1);
  });

  it('is told to be missing without a join key', async () => {
    const identity = await newAgent({ hasKey: false }).start();
    await assert.rejects(identity.credential(), /neither a credential nor a join key/);
  });

  it('is not made with a join key that another agent used', async () => {
    const agent = newAgent();
    platform.joinKeys.set(String(agent.held.joinKey), 'another');
    const identity = await agent.start();
    await assert.rejects(
      identity.credential(),
      (error) => error instanceof RefusedByPlatform && error.message === '401: refused 401',
    );
  });

  it('is a new one, with a new join key, once the platform refuses the credential', async () => {
    const agent = newAgent();
    const identity = await agent.start();
    const first = await identity.credential();
    await assert.rejects(async () => {
      identity.refused(first);
      agent.held.joinKey = undefined;
      await identity.credential();
    }, /does not know the credential of the agent, and there is no join key/);
    assert.equal(await identity.credential(), first, 'it may be known again');
    identity.refused(first);
    agent.held.joinKey = 'vcpj_new';
    platform.joinKeys.set('vcpj_new', undefined);
    const second = await identity.credential();
    assert.notEqual(second, first);
    assert.equal(agent.stored()['credential'], second);
  });

  it('changes by rotation: the next credential counts from its first use', async () => {
    const agent = newAgent();
    const identity = await agent.start();
    const first = await identity.credential();
    await identity.rotate();
    const second = await identity.credential();
    assert.notEqual(second, first);
    assert.equal(agent.stored()['credential'], first);
    (await agent.api.openTunnel(second, 1, 0)).destroy();
    await identity.accepted(second);
    assert.equal(agent.stored()['credential'], second);
    assert.equal(agent.stored()['next'], undefined);
    await assert.rejects(agent.api.openTunnel(first, 1, 0), /401/);
  });

  it('goes on with the present credential if the platform never heard of the next one', async () => {
    const agent = newAgent();
    const first = await (await agent.start()).credential();
    writeFileSync(agent.file, JSON.stringify({ ...agent.stored(), next: 'vcpa_lost' }));
    const identity = await agent.start();
    assert.equal(await identity.credential(), 'vcpa_lost');
    identity.refused('vcpa_lost');
    assert.equal(await identity.credential(), first);
    await identity.accepted(first);
    await identity.rotate();
    assert.equal(await identity.credential(), 'vcpa_lost', 'the same one is announced');
  });

  it('goes on with the next credential if the answer to its announcement was lost', async () => {
    const agent = newAgent();
    const identity = await agent.start();
    await identity.credential();
    platform.after = ({ path }) => (path === agentPaths.credential ? 'cut' : undefined);
    await assert.rejects(identity.rotate());
    platform.after = undefined;
    await identity.rotate();
    const next = await identity.credential();
    (await agent.api.openTunnel(next, 1, 0)).destroy();
    await identity.accepted(next);
    assert.equal(agent.stored()['credential'], next);
  });

  it('takes a new generation once a newer process, in whose favour it was refused, is gone', async () => {
    const agent = newAgent();
    const old = await agent.start(0);
    assert.equal((await agent.start()).generation, 2);
    assert.equal(old.generation, 1);
    await old.replaced();
    assert.equal(old.generation, 3);
    const patient = await agent.start(60_000);
    await patient.replaced();
    assert.equal(patient.generation, 4);
  });

  it('is not read from a broken file, whose text is not told', async () => {
    const agent = newAgent();
    await agent.start();
    writeFileSync(agent.file, '{"credential":"vcpa_secret');
    await assert.rejects(agent.start(), (error) => !String(error).includes('secret'));
  });
});
