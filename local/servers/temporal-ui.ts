import { join } from 'node:path';
import { stringify } from 'yaml';
import type { TemporalTls } from '../../contracts/config.ts';
import type { Program } from '../../adapters/processes/program.ts';

export interface TemporalUiOptions {
  binary: string;
  /** Path of the Unix socket it listens on: users who may enter its folder may do what the UI may. */
  socket: string;
  /** host:port of the Temporal frontend. */
  temporalAddress: string;
  tls: TemporalTls | undefined;
  /** Namespace it opens with. */
  namespace: string;
  configDir: string;
}

/** Temporal's web UI on a Unix socket, for operators (toolchain/temporal-ui/main.go). */
export function temporalUi(options: TemporalUiOptions): Program {
  const configDir = join(options.configDir, 'temporal-ui');
  const { caFile, certFile, keyFile, serverName } = options.tls ?? {};
  return {
    binary: options.binary,
    args: [options.socket, configDir],
    files: [
      {
        path: join(configDir, 'local.yaml'),
        content: stringify({
          temporalGrpcAddress: options.temporalAddress,
          ...(options.tls === undefined
            ? {}
            : { tls: { caFile, certFile, keyFile, serverName, enableHostVerification: true } }),
          enableUi: true,
          // Shown by the gateway below this path, to administrators only.
          publicPath: '/temporal',
          defaultNamespace: options.namespace,
          hideLogs: true,
          cors: { cookieInsecure: true },
        }),
      },
    ],
  };
}
