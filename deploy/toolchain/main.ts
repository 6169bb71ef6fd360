/** Builds what of the toolchain is missing and prints where each program is. */
import { errorTable, PlatformError } from '../../contracts/errors.ts';
import { resolveToolchain } from './toolchain.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
try {
  const toolchain = await resolveToolchain((line) => console.error(line), interrupted.signal);
  for (const [name, path] of Object.entries(toolchain)) console.log(`${name}\t${path}`);
} catch (error) {
  if (interrupted.signal.aborted) process.exit(130);
  if (!(error instanceof PlatformError)) throw error;
  console.error(`error: ${error.message} (${error.code})`);
  process.exitCode = errorTable[error.code].exitCode;
}
