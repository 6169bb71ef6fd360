import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './parts.ts';

/** Folder of all built parts, outside the checkout: `${XDG_CACHE_HOME:-~/.cache}/vcluster-platform/toolchain`. */
export function toolchainCacheDir(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(
    base === undefined || base === '' ? join(homedir(), '.cache') : base,
    'vcluster-platform',
    'toolchain',
  );
}

/** Folder of one part's programs, by version, so that two checkouts share it and never mix. */
export function partDir(part: Part): string {
  return join(toolchainCacheDir(), `${part.name}-${part.version}`);
}
