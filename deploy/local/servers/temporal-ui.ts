import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Program } from '../processes/program.ts';

export interface TemporalUiOptions {
  binary: string;
  port: number;
  /** host:port of the Temporal frontend. */
  temporalAddress: string;
  /** Namespace it opens with. */
  namespace: string;
  configDir: string;
}

/** Temporal's web UI on loopback, for operators. */
export function temporalUi(options: TemporalUiOptions): Program {
  return {
    binary: options.binary,
    args: ['--root', options.configDir, '--config', 'temporal-ui', '--env', 'local', 'start'],
    files: [
      {
        path: join(options.configDir, 'temporal-ui', 'local.yaml'),
        content: stringify({
          temporalGrpcAddress: options.temporalAddress,
          host: '127.0.0.1',
          port: options.port,
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
