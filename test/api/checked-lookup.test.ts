import assert from 'node:assert/strict';
import type { lookup, LookupAddress } from 'node:dns';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { createCheckedLookup } from '../../adapters/services/allowed-addresses.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { type Canary, startCanary } from '../support/canary.ts';
import { eventually } from '../support/eventually.ts';

const own = Object.values(networkInterfaces())
  .flatMap((entries) => entries ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

/** A resolver that gives these answers one after the other, and the last again and again. */
function resolver(...answers: string[][]) {
  let asked = 0;
  const resolve = ((
    _name: string,
    _options: object,
    callback: (error: null, found: LookupAddress[]) => void,
  ) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof lookup;
  return { lookup: createCheckedLookup(resolve), asked: () => asked };
}

describe('names of API servers', () => {
  let canary: Canary;
  before(async () => {
    canary = await startCanary();
  });
  after(() => canary.close());

  for (const answer of [
    ['127.0.0.1'],
    ['127.88.3.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['0.0.0.0'],
    ['::'],
    ['169.254.169.254'],
    ['fd00:ec2::254'],
    ['fe80::1'],
    ['224.0.0.1'],
    ['10.1.2.3', '127.0.0.1'],
    [],
  ]) {
    it(`that resolve to ${answer.join(' and ') || 'nothing'} are not dialled`, async () => {
      const { lookup: checked, asked } = resolver(answer);
      await assert.rejects(
        dialTcp('api.example', canary.port, { lookup: checked }),
        /api\.example resolves to/,
      );
      assert.equal(asked(), 1);
      assert.equal(canary.heard(), 0);
    });
  }

  const skip = own === undefined && 'this machine has loopback only';
  it('are dialled at the checked address, even if DNS answers differently afterwards', {
    skip,
  }, async () => {
    const rebinding = resolver([own ?? ''], ['127.0.0.1']);
    const socket = await dialTcp('rebinding.example', canary.port, rebinding);
    assert.equal(socket.remoteAddress, own);
    assert.equal(rebinding.asked(), 1);
    socket.destroy();
    await eventually('the canary hears the one', () => canary.heard() === 1);
    await assert.rejects(dialTcp('rebinding.example', canary.port, rebinding), /not dialled/);
    assert.equal(canary.heard(), 0);
  });

  it('localhost and literal addresses are dialled as written', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      (await dialTcp(host, canary.port)).destroy();
      await eventually(`${host} is heard`, () => canary.heard() === 1);
    }
  });
});
