import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { AuditEvent } from '../../contracts/audit.ts';
import { migrate } from '../../db/migrate.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { startUpgradeFixture, type UpgradeFixture } from './upgrade-fixture.ts';

let postgres: TestPostgres;
let fixture: UpgradeFixture;

before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  fixture = await startUpgradeFixture({ databaseUrl: await urlOfRole(postgres.url, 'gateway') });
});
after(async () => {
  fixture?.reset();
  await fixture?.close();
  await postgres?.stop();
});

async function event(stage: AuditEvent['stage']): Promise<AuditEvent> {
  return eventually(`an event is ${stage}`, async () => {
    const found = await fixture.gateway.audit.log.list({ resource: 'pods', limit: 10 });
    return found.find((each) => each.stage === stage);
  });
}

it('a stream is in the audit log when it starts and when it ends', async () => {
  const { client, far } = await fixture.open();
  const started = await event('streaming');
  assert.deepEqual(
    [started.code, started.verb, started.subresource, started.user, started.name],
    [101, 'create', 'exec', 'anna@example.com', 'a'],
  );
  // What a command says is nobody's business.
  assert.ok(!started.path.includes('?'));
  client.destroy();
  far.destroy(); // an API server closes too; one side alone may be half-closed and stays for half a minute
  const ended = await event('complete');
  assert.equal(ended.id, started.id);
  assert.ok((ended.latencyMs ?? 0) > 0);
});
