import { readFileSync } from 'node:fs';
import type { TLSConfig } from '@temporalio/client';
import type { TemporalTls } from '../contracts/config.ts';

/** A Temporal server and how it is reached. */
export interface TemporalServer {
  /** host:port of its frontend. */
  readonly address: string;
  /** Absent: without TLS. */
  readonly tls?: TemporalTls | undefined;
}

/**
 * What Temporal's clients connect with. The files are read now: nothing is dialled.
 * @throws Error of Node if a file cannot be read
 */
export function temporalConnection({ address, tls }: TemporalServer): {
  address: string;
  tls?: TLSConfig;
} {
  if (tls === undefined) return { address };
  const { caFile, certFile, keyFile, serverName } = tls;
  return {
    address,
    tls: {
      ...(caFile === undefined ? {} : { serverRootCACertificate: readFileSync(caFile) }),
      ...(certFile === undefined || keyFile === undefined
        ? {}
        : { clientCertPair: { crt: readFileSync(certFile), key: readFileSync(keyFile) } }),
      ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    },
  };
}
