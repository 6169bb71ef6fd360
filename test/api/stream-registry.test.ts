import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Caller } from '../../api/identity/caller.ts';
import { createStreamRegistry } from '../../api/streams/stream-registry.ts';

function callerNamed(name: string): Caller {
  return {
    kind: 'user',
    name,
    displayName: '',
    email: '',
    teams: [],
    credential: { kind: 'access-key', name },
    identity: { user: name, groups: [] },
  };
}

const recheckOf = (key: string) => () => ({ key, queue: 'access', run: async () => undefined });

describe('open streams', () => {
  it('are registered until they end, in any order', () => {
    const streams = createStreamRegistry();
    const open = new Map<string, () => void>();
    for (let index = 0; index < 20; index++) {
      const name = `user-${index}`;
      open.set(
        name,
        streams.add(callerNamed(name), () => undefined, recheckOf(name)),
      );
    }
    for (const name of ['user-7', 'user-0', 'user-19', 'user-18', 'user-3']) {
      open.get(name)?.();
      open.get(name)?.(); // once more changes nothing
      open.delete(name);
      assert.deepEqual(new Set(streams.list().map(({ caller }) => caller.name)), new Set(open.keys()));
      assert.equal(streams.size, open.size);
    }
    for (const over of open.values()) over();
    assert.equal(streams.size, 0);
    assert.deepEqual(streams.list(), []);
  });

  it('create their recheck lazily', () => {
    const streams = createStreamRegistry();
    let made = 0;
    streams.add(
      callerNamed('a'),
      () => undefined,
      () => {
        made += 1;
        return recheckOf('a')();
      },
    );
    assert.deepEqual(streams.list(0), [], 'none was open before the process began');
    assert.equal(made, 0);
    assert.equal(streams.list()[0]?.recheck, streams.list()[0]?.recheck);
    assert.equal(made, 1);
  });

  it('end by caller, while others leave the registry', () => {
    const streams = createStreamRegistry();
    const ended: string[] = [];
    for (const name of ['a', 'b', 'a', 'c']) {
      const over = streams.add(
        callerNamed(name),
        ({ message }) => {
          ended.push(`${name}: ${message}`);
          over();
        },
        recheckOf(name),
      );
    }
    streams.end('revoked', ({ name }) => name === 'a');
    assert.deepEqual(ended, ['a: revoked', 'a: revoked']);
    assert.deepEqual(
      streams
        .list()
        .map(({ caller }) => caller.name)
        .sort(),
      ['b', 'c'],
    );
  });
});
