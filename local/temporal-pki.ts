import { join } from 'node:path';
import {
  type CertificatePair,
  createCertificateAuthority,
} from '../adapters/certificates/certificate-authority.ts';
import type { TemporalTls } from '../contracts/config.ts';
import { openAuthority } from './pki.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import type { TemporalServerTls } from './servers/temporal.ts';

/** The clients of the embedded Temporal, each with its own certificate. */
export type TemporalClient = 'gateway' | 'worker' | 'controllers' | 'supervisor' | 'ui';

export interface TemporalPki {
  readonly server: TemporalServerTls;
  readonly clients: Record<TemporalClient, Required<TemporalTls>>;
}

const serverName = 'temporal.vcluster-platform';

/**
 * Keys of the embedded Temporal in `dir`: the frontend's authority is kept, all else is created again at every call. The
 * authority of its services among themselves is kept nowhere, so that no other certificate of it can be issued.
 */
export async function openTemporalPki(dir: string): Promise<TemporalPki> {
  const [frontend, internode] = await Promise.all([
    openAuthority(dir, 'vcluster-platform:temporal'),
    createCertificateAuthority('vcluster-platform:temporal-internode'),
  ]);
  const write = (name: string, { certificate, key }: CertificatePair) => {
    const files = { certFile: join(dir, `${name}.crt`), keyFile: join(dir, `${name}.key`) };
    writePrivateFile(files.certFile, certificate);
    writePrivateFile(files.keyFile, key);
    return files;
  };
  const caFile = join(dir, 'ca.crt');
  const internodeCaFile = join(dir, 'internode-ca.crt');
  writePrivateFile(internodeCaFile, internode.certificate);
  const serving = { commonName: 'temporal', names: [serverName, 'localhost', '127.0.0.1'] };
  const client = async (name: string) =>
    write(name, await frontend.issue({ commonName: `vcluster-platform:${name}`, usages: ['client'] }));
  const clientTls = async (name: TemporalClient) => ({ caFile, ...(await client(name)), serverName });
  const [frontendPair, internodePair, systemWorker, gateway, worker, controllers, supervisor, ui] =
    await Promise.all([
      frontend.issue({ ...serving, usages: ['server'] }),
      internode.issue({ ...serving, usages: ['server', 'client'] }),
      client('system-worker'),
      clientTls('gateway'),
      clientTls('worker'),
      clientTls('controllers'),
      clientTls('supervisor'),
      clientTls('ui'),
    ]);
  return {
    server: {
      serverName,
      frontend: { caFile, ...write('frontend', frontendPair) },
      internode: { caFile: internodeCaFile, ...write('internode', internodePair) },
      systemWorker,
    },
    clients: { gateway, worker, controllers, supervisor, ui },
  };
}
