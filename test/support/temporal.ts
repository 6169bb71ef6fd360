import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { temporalConnection, type TemporalServer } from '../../adapters/temporal-connection.ts';
import type { TemporalTls } from '../../contracts/config.ts';
import { temporalNamespace } from '../../contracts/names.ts';
import { freePort } from '../../local/ports.ts';
import { answersTemporal } from '../../local/probes.ts';
import { temporal, temporalPortNames, type TemporalPorts } from '../../local/servers/temporal.ts';
import { openTemporalPki } from '../../local/temporal-pki.ts';
import { prepareTemporalDatabases, prepareTemporalNamespace } from '../../local/temporal-setup.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startChild } from './child.ts';

export interface TestTemporal {
  /** host:port */
  readonly address: string;
  /** Its clients' certificate. */
  readonly tls: TemporalTls;
  /** `vcluster-platform`. */
  readonly namespace: string;
  stop(): Promise<void>;
}

/** A new Temporal server with our namespace and search attributes, on the PostgreSQL of `databaseUrl`, in about 6 s. */
export async function startTemporal(options: { databaseUrl: string }): Promise<TestTemporal> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-temporal-'));
  const database = await prepareTemporalDatabases(
    options.databaseUrl,
    findProgram('temporal-sql'),
    join(dir, 'schema.log'),
  );
  const ports = await freeTemporalPorts();
  const address = `127.0.0.1:${ports.frontend}`;
  const pki = await openTemporalPki(join(dir, 'pki'));
  const tls = pki.clients.supervisor;
  const program = temporal({
    binary: findProgram('temporal'),
    configDir: dir,
    database,
    ports,
    tls: pki.server,
  });
  const server = await startChild('temporal', program, join(dir, 'temporal.log'));
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitUntil('Temporal', () => answersTemporal({ address, tls }), { process: server });
    await prepareNamespace({ address, tls }, temporalNamespace);
    return { address, tls, namespace: temporalNamespace, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function freeTemporalPorts(): Promise<TemporalPorts> {
  const ports: Partial<TemporalPorts> = {};
  for (const name of temporalPortNames) ports[name] = await freePort();
  return ports as TemporalPorts;
}

async function prepareNamespace(temporal: TemporalServer, namespace: string): Promise<void> {
  const connection = await Connection.connect(temporalConnection(temporal));
  try {
    await prepareTemporalNamespace(connection, namespace);
  } finally {
    await connection.close();
  }
}
