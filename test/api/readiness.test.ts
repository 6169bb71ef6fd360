import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createReadiness, isReady } from '../../api/readiness/readiness.ts';
import { PlatformError } from '../../contracts/errors.ts';

function log() {
  const lines: string[] = [];
  const write = (fields: { part: string; state?: string }) =>
    void lines.push(`${fields.part}: ${fields.state ?? 'ok'}`);
  return { lines, logger: { info: write, warn: write } as never };
}

describe('readiness', () => {
  it('checks its dependencies once for concurrent requests', async () => {
    let asked = 0;
    const readiness = createReadiness({ part: async () => void asked++ }, log().logger);
    for (let round = 0; round < 5; round++) {
      const all = await Promise.all(Array.from({ length: 1_000 }, () => readiness.look()));
      assert.ok(all.every(isReady));
    }
    assert.equal(asked, 1);
  });

  it('reports the failing dependency and cause, and logs each change once', async () => {
    const { lines, logger } = log();
    const failures = {
      refused: Object.assign(new Error('connect 127.0.0.1'), { code: 'ECONNREFUSED' }),
      ours: new PlatformError('database_unavailable', 'PostgreSQL is read-only at the moment; try again'),
      other: new Error('a secret'),
    };
    const probes = Object.fromEntries(
      Object.entries(failures).map(([name, error]) => [name, () => Promise.reject(error)]),
    );
    const readiness = createReadiness({ ...probes, well: async () => undefined }, logger);
    const states = await readiness.look();
    assert.deepEqual(states, {
      refused: 'does not answer (ECONNREFUSED)',
      ours: 'PostgreSQL is read-only at the moment; try again',
      other: 'does not answer',
      well: 'ok',
    });
    assert.equal(isReady(states), false);
    assert.equal(lines.length, 3, lines.join());
  });

  it('does not wait for a dependency that hangs', async () => {
    const readiness = createReadiness({ mute: () => new Promise(() => undefined) }, log().logger);
    assert.match((await readiness.look())['mute'] ?? '', /^does not answer within/);
  });

  it('is not ready after a stop was requested', async () => {
    const readiness = createReadiness({ part: async () => undefined }, log().logger);
    assert.ok(isReady(await readiness.look()));
    readiness.stop();
    assert.deepEqual(await readiness.look(), { part: 'ok', gateway: 'is stopping' });
  });
});
