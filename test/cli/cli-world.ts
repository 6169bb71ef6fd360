import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import assert from 'node:assert/strict';
import { pino } from 'pino';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import { migrate } from '../../db/migrate.ts';
import { listOpenOperations } from '../../db/queries/operations.ts';
import { insertSnapshot } from '../../db/queries/snapshots.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { createOperationsDependencies, type OperationsDeps } from '../../operations/dependencies.ts';
import { submitOperation } from '../../operations/submit.ts';
import { type ManagementFixture, startManagementFixture } from '../api/management-fixture.ts';
import { startPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { startTemporal } from '../support/temporal.ts';
import { type Ended, runVcp, startVcp } from './run-vcp.ts';

/**
 * The command `vcp` before a real gateway. There is no worker here: a loop ends what waits in some projects, as a worker
 * would, and submits the create of a new instance there, as controllers would.
 */
export interface CliWorld {
  readonly fixture: ManagementFixture;
  readonly operations: OperationsDeps;
  /** The login file of commands that name no other. */
  configFile(): string;
  vcp(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** The same, while it runs. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess;
  /** What it prints on stdout. */
  succeeds(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export async function startCliWorld(): Promise<CliWorld> {
  await using undo = new AsyncDisposableStack();
  const postgres = await startPostgres();
  undo.defer(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  await migrate(databaseUrl);
  const temporal = await startTemporal({ databaseUrl: postgres.url });
  undo.defer(() => temporal.stop());
  const fixture = await startManagementFixture({
    databaseUrl: await urlOfRole(databaseUrl, 'gateway'),
    temporal,
  });
  undo.defer(() => fixture.stop());
  const operations = createOperationsDependencies({ databaseUrl, temporal }, pino({ level: 'silent' }));
  undo.defer(() => operations.close());
  undo.defer(startEngine(fixture, operations));
  await fixture.resources.virtualclusterinstances.create({
    metadata: { name: 'demo', namespace: 'p-alpha' },
    spec: { templateRef: { name: 'default' } },
  });
  await fixture.resources.virtualclusterinstances.patchStatus(
    { namespace: 'p-alpha', name: 'demo' },
    { phase: 'Ready', observedHash: 'x' },
  );
  const configFile = () => join(fixture.dir, 'vcp', 'config.json');
  const environment = (env: Readonly<Record<string, string>> = {}) => ({
    HOME: fixture.dir,
    VCP_CONFIG: configFile(),
    ...env,
  });
  const vcp = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
    runVcp(args, environment(env));
  const started = undo.move();
  return {
    fixture,
    operations,
    configFile,
    vcp,
    start: (args, env) => startVcp(args, environment(env)),
    async succeeds(...args) {
      const { code, stdout, stderr } = await vcp(args);
      assert.equal(code, 0, stderr);
      return stdout;
    },
    stop: () => started.disposeAsync(),
  };
}

const pollMs = 250;
/** Whose operations end by themselves; those of connected clusters are in no project. */
const projects = new Set(['alpha', 'forge', '']);

function startEngine({ resources }: ManagementFixture, deps: OperationsDeps): () => Promise<void> {
  let stopped = false;
  const submitted = new Set<string>();
  const round = async () => {
    for (const kind of managedKinds)
      for (const { metadata } of await resources[kindNames[kind].plural].list()) {
        const { uid, name, namespace = '' } = metadata;
        const project = projectOfNamespace(namespace) ?? '';
        if (!projects.has(project) || name === 'demo' || submitted.has(uid)) continue;
        submitted.add(uid);
        await submitOperation(deps, {
          kind,
          type: 'create',
          project,
          name,
          uid,
          actor: 'ben@example.com',
          idempotencyKey: uid,
        });
      }
    const open = await deps.database.query((db) => listOpenOperations(db));
    for (const { id, type, uid, project, parameters, name: tenantCluster, cancelRequestedBy } of open) {
      if (!projects.has(project)) continue;
      if (cancelRequestedBy !== null) {
        await endOperation(deps.database, {
          id,
          state: 'cancelled',
          reason: 'operation_cancelled',
          message: `Cancelled by ${cancelRequestedBy}`,
        });
      }
      if (parameters['snapshot'] === 'slow') continue;
      if (type === 'snapshot') {
        const key = { project, tenantCluster, uid, name: String(parameters['snapshot']) };
        await deps.database.query((db) =>
          insertSnapshot(db, key, { operationId: id, projectUid: '', file: id }),
        );
      }
      const damaged = parameters['snapshot'] === 'damaged' || tenantCluster === 'hopeless';
      await endOperation(
        deps.database,
        damaged
          ? { id, state: 'failed', reason: 'snapshot_damaged', message: 'its hash is wrong' }
          : { id, state: 'succeeded' },
      );
    }
  };
  let ring: () => void = () => undefined;
  const unsubscribe = deps.changes.subscribeAll(() => ring());
  const running = (async () => {
    while (!stopped) {
      const rung = new Promise<void>((resolve) => (ring = resolve));
      await round();
      // Operations ring; new instances are seen a moment later.
      await Promise.race([rung, delay(pollMs)]);
    }
  })();
  return async () => {
    stopped = true;
    ring();
    await running;
    unsubscribe();
  };
}
