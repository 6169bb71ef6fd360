import { join } from 'node:path';
import type { Program } from '../../adapters/processes/program.ts';

export interface EtcdOptions {
  binary: string;
  dataDir: string;
  /** Folder for the two sockets; its path must be short (108 bytes with the socket's name). */
  socketDir: string;
}

/** Endpoint of this etcd for a kube-apiserver. */
export function etcdEndpoint(options: Pick<EtcdOptions, 'socketDir'>): string {
  return `unix://${join(options.socketDir, 'etcd.sock')}`;
}

/**
 * A single etcd on unix sockets: only users who may enter the folder reach it, so it needs no TLS. The peer address
 * is never dialled, a single member has no peers.
 */
export function etcd(options: EtcdOptions): Program {
  const endpoint = etcdEndpoint(options);
  const peer = 'http://127.0.0.1:2380';
  return {
    binary: options.binary,
    args: [
      '--name=default',
      `--data-dir=${options.dataDir}`,
      `--listen-client-urls=${endpoint}`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=unix://${join(options.socketDir, 'peer.sock')}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--auto-compaction-retention=0', // the kube-apiserver compacts
      '--quota-backend-bytes=2147483648',
      '--log-level=warn',
    ],
  };
}
