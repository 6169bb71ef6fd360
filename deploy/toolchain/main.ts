/** Builds what of the toolchain is missing and prints where each program is. */
import { errorTable, PlatformError } from '../../contracts/errors.ts';
import { resolveToolchain } from './toolchain.ts';

try {
  const toolchain = await resolveToolchain((line) => console.error(line));
  for (const [name, path] of Object.entries(toolchain)) console.log(`${name}\t${path}`);
} catch (error) {
  if (!(error instanceof PlatformError)) throw error;
  console.error(`error: ${error.message} (${error.code})`);
  process.exitCode = errorTable[error.code].exitCode;
}
