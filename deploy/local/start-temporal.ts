import { Connection } from '@temporalio/client';
import { join } from 'node:path';
import { PlatformError } from '../../contracts/errors.ts';
import { temporalNamespace } from '../../contracts/names.ts';
import { isPortFree } from './free-port.ts';
import type { PlatformContext } from './platform-context.ts';
import { temporal, temporalPortNames, type TemporalPorts } from './servers/temporal.ts';
import { temporalUi } from './servers/temporal-ui.ts';
import { answersTemporal } from './temporal-probe.ts';
import { prepareTemporalDatabases, prepareTemporalNamespace } from './temporal-setup.ts';
import { waitUntil } from './wait-until.ts';

export interface RunningTemporal {
  /** host:port of the frontend. */
  readonly address: string;
  readonly uiUrl: string;
}

/** Ports and addresses that are known before anything runs. */
export async function temporalAddresses(
  { ports }: PlatformContext,
  externalAddress: string | undefined,
): Promise<RunningTemporal> {
  return {
    address: externalAddress ?? `127.0.0.1:${await ports.get('temporal-frontend')}`,
    uiUrl: `http://127.0.0.1:${await ports.get('temporal-ui')}`,
  };
}

/** An embedded Temporal server over PostgreSQL, ready but for the namespace. */
export async function startTemporal(
  context: PlatformContext,
  address: string,
  databaseUrl: string,
): Promise<void> {
  const { state, toolchain, supervisor } = context;
  const database = await prepareTemporalDatabases(
    databaseUrl,
    toolchain['temporal-sql'],
    join(state.logsDir, 'temporal-schema.log'),
  );
  const ports = await temporalPorts(context);
  await supervisor.start({
    name: 'temporal',
    program: () => temporal({ binary: toolchain.temporal, configDir: state.temporalDir, database, ports }),
    ready: (process) => waitUntil('Temporal', () => answersTemporal(address), { process }),
  });
}

/** @throws PlatformError `temporal_unavailable` */
export async function checkExternalTemporal(address: string): Promise<void> {
  try {
    await answersTemporal(address);
  } catch (cause) {
    throw new PlatformError(
      'temporal_unavailable',
      `Temporal at ${address} (--temporal-address) does not answer: start it or correct the address, or leave the flag out for the embedded one`,
      { cause },
    );
  }
}

/** Our namespace with its search attributes; both stay if they are there. */
export async function prepareNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await prepareTemporalNamespace(connection);
  } finally {
    await connection.close();
  }
}

/** Temporal's web UI; it needs no Temporal to start. */
export async function startTemporalUi(context: PlatformContext, temporalAddress: string): Promise<void> {
  const { state, ports, toolchain, supervisor } = context;
  const port = await ports.get('temporal-ui');
  const program = temporalUi({
    binary: toolchain['temporal-ui'],
    port,
    temporalAddress,
    namespace: temporalNamespace,
    configDir: state.temporalDir,
  });
  await supervisor.start({
    name: 'temporal-ui',
    program: () => program,
    ready: (process) => waitUntil("Temporal's web UI", async () => !(await isPortFree(port)), { process }),
  });
}

async function temporalPorts({ ports }: PlatformContext): Promise<TemporalPorts> {
  const chosen: Partial<TemporalPorts> = {};
  for (const name of temporalPortNames) chosen[name] = await ports.get(`temporal-${name}`);
  return chosen as TemporalPorts;
}
