import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { pino } from 'pino';
import { migrate } from '../../db/migrate.ts';
import { listOpenOperations } from '../../db/queries/operations.ts';
import { insertSnapshot } from '../../db/queries/snapshots.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { createOperationsDependencies, type OperationsDeps } from '../../operations/dependencies.ts';
import { submitOperation } from '../../operations/submit.ts';
import { type ManagementFixture, startManagementFixture } from '../api/management-fixture.ts';
import { compileCacheDir } from '../../local/node-program.ts';
import { startPostgres } from '../support/postgres.ts';
import { startTemporal } from '../support/temporal.ts';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The command `vcp` before a real gateway. There is no worker here: a loop ends what waits in project alpha, as a worker
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

const main = join(import.meta.dirname, '../../cli/main.ts');

export async function startCliWorld(): Promise<CliWorld> {
  await using undo = new AsyncDisposableStack();
  const postgres = await startPostgres();
  undo.defer(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  await migrate(databaseUrl);
  const temporal = await startTemporal({ databaseUrl: postgres.url });
  undo.defer(() => temporal.stop());
  const fixture = await startManagementFixture({ databaseUrl, temporal });
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
  const environment = (env: Readonly<Record<string, string>>) => ({
    ...process.env,
    // Hundreds of commands load the same sources.
    NODE_COMPILE_CACHE: compileCacheDir(),
    HOME: fixture.dir,
    VCP_CONFIG: configFile(),
    ...env,
  });
  const vcp = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    new Promise<Ended>((resolve) => {
      execFile(
        process.execPath,
        [main, ...args],
        { env: environment(env), timeout: 60_000 },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
        },
      );
    });
  const started = undo.move();
  return {
    fixture,
    operations,
    configFile,
    vcp,
    start: (args, env = {}) => spawn(process.execPath, [main, ...args], { env: environment(env) }),
    async succeeds(...args) {
      const { code, stdout, stderr } = await vcp(args);
      assert.equal(code, 0, stderr);
      return stdout;
    },
    stop: () => started.disposeAsync(),
  };
}

function startEngine({ resources }: ManagementFixture, deps: OperationsDeps): () => Promise<void> {
  let stopped = false;
  const submitted = new Set<string>();
  const round = async () => {
    for (const { metadata } of await resources.virtualclusterinstances.list()) {
      const { uid, name, namespace } = metadata;
      if (namespace !== 'p-alpha' || name === 'demo' || submitted.has(uid)) continue;
      submitted.add(uid);
      await submitOperation(deps, {
        kind: 'tenant',
        type: 'create',
        project: 'alpha',
        name,
        uid,
        actor: 'ben@example.com',
        idempotencyKey: uid,
      });
    }
    const open = await deps.database.query((db) => listOpenOperations(db));
    for (const { id, type, uid, project, parameters, name: tenantCluster, cancelRequestedBy } of open) {
      if (project !== 'alpha') continue;
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
        const key = { project: 'alpha', tenantCluster, uid, name: String(parameters['snapshot']) };
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
  const running = (async () => {
    while (!stopped) {
      await round();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return async () => {
    stopped = true;
    await running;
  };
}

/** Waits for the end of a command that was started. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, stdout, stderr };
}
