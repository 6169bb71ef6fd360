import { type DestinationStream, type Logger, pino } from 'pino';

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
/** Of lines that may wait: a write for each would cost more than all the rest of a line. */
const gatheredBytes = 8 * 1024;
const gatheredMs = 250;
const warning = 40;
/** Characters of a line: what others send (paths, headers, messages) is at most so long a part of the log. */
const maxLine = 8 * 1024;
const keptOfLong = 4 * 1024;
const keptOfMessage = 512;

/**
 * JSON lines on stderr at `LOG_LEVEL`-independent level `level`; names that hold secrets are blanked at any depth up to three.
 * @param options `gathered`: lines below a warning are written together, at most 0.25 s late; at an ordinary end and
 *   before a warning none is missing
 */
export function createLogger(
  process: string,
  level = 'info',
  { gathered = false }: { gathered?: boolean } = {},
): Logger {
  const options = {
    name: process,
    level,
    redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
  };
  if (gathered) return createGathered(options);
  const destination = standardError({});
  return pino(options, { write: (line: string) => void destination.write(boundedLine(line)) });
}

function createGathered(options: pino.LoggerOptions): Logger {
  // In this thread: what is written while the process ends must be out before it has ended.
  const destination = standardError({ sync: true });
  let waiting: string[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const text = waiting.join('');
    waiting = [];
    bytes = 0;
    destination.write(text);
  };
  process.on('exit', flush);
  return pino(options, {
    [Symbol.for('pino.metadata')]: true, // has pino set `lastLevel` before each line
    lastLevel: 0,
    write(given: string) {
      const line = boundedLine(given);
      waiting.push(line);
      bytes += line.length;
      if (bytes >= gatheredBytes || this.lastLevel >= warning) flush();
      else timer ??= setTimeout(flush, gatheredMs).unref();
    },
  } as DestinationStream & { lastLevel: number });
}

/** `line` as it is, or its message and its beginning within another one. Blanked is what had to be: it was before it was written. */
export function boundedLine(line: string): string {
  if (line.length <= maxLine) return line;
  const { level, time, name, reqId, msg } = JSON.parse(line) as Record<string, unknown>;
  const kept = { level, time, name, reqId, msg: String(msg).slice(0, keptOfMessage).toWellFormed() };
  const head = line.slice(0, keptOfLong).toWellFormed();
  return `${JSON.stringify({ ...kept, cutFrom: line.length, head })}\n`;
}

/** `logger` for lines whose fields are fixed and hold no secret: nothing in them is looked for or blanked. */
export function withoutRedaction(logger: Logger): Logger {
  return logger.child({}, { redact: [] });
}

/** Standard error; lines that cannot be written (a full disk) are lost, and the process goes on. */
function standardError(options: { sync?: boolean }) {
  const stderr = pino.destination({ dest: 2, ...options });
  stderr.on('error', () => undefined);
  return stderr;
}

export type { Logger };
