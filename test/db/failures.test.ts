import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlatformError } from '../../contracts/errors.ts';
import { databaseCall, isFaultOfData } from '../../db/failures.ts';

const of = (code: string) =>
  new Error('a query failed', { cause: Object.assign(new Error('why'), { code }) });

describe('PostgreSQL failures', () => {
  it('are database_unavailable where a retry may help, else unchanged', async () => {
    const notNow =
      '08000 08006 08P01 25006 25P03 28P01 3D000 40001 40P01 53100 53200 53300 55P03 57014 57P01 57P02 57P03 58030 ECONNREFUSED ECONNRESET EPIPE EAI_AGAIN';
    for (const code of notNow.split(' ')) {
      const failing = databaseCall(() => Promise.reject(of(code)));
      await assert.rejects(failing, (error: PlatformError) => error.code === 'database_unavailable', code);
    }
    for (const code of ['22P02', '23505', '42601', '42501', 'XX000']) {
      const failure = of(code);
      await assert.rejects(
        databaseCall(() => Promise.reject(failure)),
        failure,
        code,
      );
    }
  });

  it('name a read-only database', async () => {
    await assert.rejects(
      databaseCall(() => Promise.reject(of('25006'))),
      /read-only/,
    );
  });

  it('are blamed on data only when certain', () => {
    const all = ['22021', '23514', '54000', '25006', '42501', '42P01', '57P01', 'XX000'];
    const faults = all.filter((code) => isFaultOfData(of(code)));
    assert.deepEqual(faults, ['22021', '23514', '54000']);
    assert.equal(isFaultOfData(new TypeError('no JSON')), true);
  });
});
