import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './parts.ts';

/** Folder for what can be made again, outside the checkout: `${XDG_CACHE_HOME:-~/.cache}/vcluster-platform/<name>`. */
export function cacheDir(name: string): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(
    base === undefined || base === '' ? join(homedir(), '.cache') : base,
    'vcluster-platform',
    name,
  );
}

/** Folder of all built parts. */
export function toolchainCacheDir(): string {
  return cacheDir('toolchain');
}

/** Folder of one part's programs, by version, so that two checkouts share it and never mix. */
export function partDir(part: Part): string {
  return join(toolchainCacheDir(), `${part.name}-${part.version}`);
}
