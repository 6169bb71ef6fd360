/** Builds what of the toolchain is missing and prints where each program is; with `real-node`, `stock` or `upstream`, of those programs (parts.ts). */
import { errorTable, PlatformError } from '../contracts/errors.ts';
import { parts, realNodeParts, stockParts, upstreamParts } from './parts.ts';
import { resolveParts } from './toolchain.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
try {
  const sets = { '': parts, 'real-node': realNodeParts, stock: stockParts, upstream: upstreamParts };
  const wanted = sets[(process.argv[2] ?? '') as keyof typeof sets];
  const toolchain = await resolveParts(wanted, (line) => console.error(line), interrupted.signal);
  for (const [name, path] of Object.entries(toolchain)) console.log(`${name}\t${path}`);
} catch (error) {
  if (interrupted.signal.aborted) process.exit(130);
  if (!(error instanceof PlatformError)) throw error;
  console.error(`error: ${error.message} (${error.code})`);
  process.exitCode = errorTable[error.code].exitCode;
}
