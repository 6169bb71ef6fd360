import { join } from 'node:path';
import type { GatewayConfig } from '../contracts/config.ts';
import { openAuthority } from './pki.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';

/** The gateway's certificate, new at every start, from an authority kept in `dir` that clients trust (`ca.crt`). */
export async function issueGatewayCertificate(dir: string): Promise<GatewayConfig['tls']> {
  const authority = await openAuthority(dir, 'vcluster-platform');
  const files = {
    certFile: join(dir, 'tls.crt'),
    keyFile: join(dir, 'tls.key'),
    caFile: join(dir, 'ca.crt'),
  };
  const { certificate, key } = await authority.issue({
    commonName: 'vcluster-platform',
    names: ['localhost', '127.0.0.1', '::1'],
    usages: ['server'],
  });
  writePrivateFile(files.certFile, certificate);
  writePrivateFile(files.keyFile, key);
  return files;
}
