import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';

let fixture: ManagementFixture;
before(async () => {
  fixture = await startManagementFixture();
});
after(() => fixture?.stop());

const version = '/kubernetes/management/version';

describe('exhausted resources of the machine', { timeout: 240_000 }, () => {
  it('a full log disk loses log lines, not requests', async () => {
    const gateway = await startGatewayProcess(fixture, { logFile: '/dev/full' });
    try {
      for (let index = 0; index < 100; index++)
        assert.equal((await gateway.call('anna', 'GET', version)).status, 200);
    } finally {
      await gateway.stop();
    }
  });

  it('without file descriptors the gateway logs it, serves existing connections, and recovers', async (context) => {
    const gateway = await startGatewayProcess(fixture, { under: ['prlimit', '--nofile=120:120'] });
    const sockets: Socket[] = [];
    try {
      assert.equal((await gateway.call('anna', 'GET', version)).status, 200);
      for (let index = 0; index < 200; index++) {
        const socket = connect(gateway.port, '127.0.0.1');
        socket.on('error', () => undefined);
        sockets.push(socket);
        await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', resolve));
      }
      await eventually('it says so', () => /connection limit reached/.test(gateway.log()));
      for (const socket of sockets) socket.destroy();
      await eventually('it serves again', async () => {
        const answer = await gateway.call('anna', 'GET', version);
        return answer.status === 200;
      });
      const lines = gateway
        .log()
        .split('\n')
        .filter((line) => /connection limit reached/.test(line));
      context.diagnostic(`${lines.length} lines about it`);
      assert.ok(lines.length < 20, 'it does not say so for each connection');
    } finally {
      for (const socket of sockets) socket.destroy();
      await gateway.stop();
    }
  });
});
