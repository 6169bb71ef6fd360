import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { temporalConnection, type TemporalServer } from '../adapters/temporal-connection.ts';
import type { TemporalTls } from '../contracts/config.ts';
import { PlatformError } from '../contracts/errors.ts';
import { temporalNamespace } from '../contracts/names.ts';
import type { PlatformContext } from './platform-context.ts';
import { acceptsConnections, answersTemporal } from './probes.ts';
import { temporalUi } from './servers/temporal-ui.ts';
import { temporal, temporalPortNames, type TemporalPorts } from './servers/temporal.ts';
import { openTemporalPki, type TemporalClient, type TemporalPki } from './temporal-pki.ts';
import { prepareTemporalDatabases, prepareTemporalNamespace } from './temporal-setup.ts';
import { waitUntil } from './wait-until.ts';

export interface RunningTemporal {
  /** host:port of the frontend. */
  readonly address: string;
  /** Unix socket of its web UI. */
  readonly uiSocket: string;
  /** What each client connects with; the same for all to a server that one has. */
  tls(client: TemporalClient): TemporalTls | undefined;
  /** Of the embedded server. */
  readonly pki: TemporalPki | undefined;
}

/** Ports, addresses and keys, before anything runs. */
export async function openTemporal(
  { state, ports }: PlatformContext,
  given: TemporalServer | undefined,
): Promise<RunningTemporal> {
  const uiSocket = join(state.temporalSocketDir, 'ui.sock');
  if (given !== undefined) return { address: given.address, uiSocket, tls: () => given.tls, pki: undefined };
  const pki = await openTemporalPki(join(state.temporalDir, 'pki'));
  const address = `127.0.0.1:${await ports.get('temporal-frontend')}`;
  return { address, uiSocket, tls: (client) => pki.clients[client], pki };
}

/** The embedded Temporal server over PostgreSQL unless one was given; ready but for the namespace. */
export async function startTemporal(
  context: PlatformContext,
  { address, pki, tls }: RunningTemporal,
  databaseUrl: string,
): Promise<void> {
  if (pki === undefined) return;
  const { state, toolchain, supervisor } = context;
  const database = await prepareTemporalDatabases(
    databaseUrl,
    toolchain['temporal-sql'],
    join(state.logsDir, 'temporal-schema.log'),
  );
  const ports = await temporalPorts(context);
  const program = temporal({
    binary: toolchain.temporal,
    configDir: state.temporalDir,
    database,
    ports,
    tls: pki.server,
  });
  const probe = { address, tls: tls('supervisor') };
  await supervisor.start({
    name: 'temporal',
    program: () => program,
    ready: (process) => waitUntil('Temporal', () => answersTemporal(probe), { process }),
  });
}

/** @throws PlatformError `temporal_unavailable` */
export async function checkGivenTemporal(given: TemporalServer): Promise<void> {
  try {
    await answersTemporal(given);
  } catch (cause) {
    throw new PlatformError(
      'temporal_unavailable',
      `Temporal at ${given.address} (--temporal-address) does not answer: start it, correct the address or give its certificates (--temporal-tls-…), or leave the flag out for the embedded one`,
      { cause },
    );
  }
}

/** Our namespace with its search attributes; both stay if they are there. */
export async function prepareNamespace({ address, tls }: RunningTemporal): Promise<void> {
  const connection = await Connection.connect(temporalConnection({ address, tls: tls('supervisor') }));
  try {
    await prepareTemporalNamespace(connection);
  } finally {
    await connection.close();
  }
}

/** Temporal's web UI; it needs no Temporal to start. */
export async function startTemporalUi(
  context: PlatformContext,
  { address, uiSocket, tls }: RunningTemporal,
): Promise<void> {
  const { state, toolchain, supervisor } = context;
  const program = temporalUi({
    binary: toolchain['temporal-ui'],
    socket: uiSocket,
    temporalAddress: address,
    tls: tls('ui'),
    namespace: temporalNamespace,
    configDir: state.temporalDir,
  });
  await supervisor.start({
    name: 'temporal-ui',
    program: () => program,
    ready: (process) => waitUntil("Temporal's web UI", () => acceptsConnections(uiSocket), { process }),
  });
}

async function temporalPorts({ ports }: PlatformContext): Promise<TemporalPorts> {
  const chosen: Partial<TemporalPorts> = {};
  for (const name of temporalPortNames) chosen[name] = await ports.get(`temporal-${name}`);
  return chosen as TemporalPorts;
}
