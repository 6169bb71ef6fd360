import { type Logger, pino } from 'pino';

/** JSON lines on stderr at `LOG_LEVEL`-independent level `level`; names that hold secrets are blanked at any depth up to three. */
export function createLogger(process: string, level = 'info'): Logger {
  const secret = [
    'authorization',
    'cookie',
    'key',
    'accessKey',
    'password',
    'token',
    'config',
    'kubeconfig',
    'databaseUrl',
    'values',
  ];
  return pino(
    {
      name: process,
      level,
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    destination(),
  );
}

/** Standard error; lines that cannot be written (a full disk) are lost, and the process goes on. */
function destination() {
  const stderr = pino.destination(2);
  stderr.on('error', () => undefined);
  return stderr;
}

export type { Logger };
