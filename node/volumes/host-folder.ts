import { existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import type { V1HostPathVolumeSource } from '@kubernetes/client-node';
import { VolumeNotReady } from './volume-not-ready.ts';

/**
 * Host path of a hostPath volume, made if its type says so. Symbolic links count as where they lead.
 * @param prefixes folders that it must lie in
 * @throws VolumeNotReady if it lies elsewhere or is not of its type
 */
export function prepareHostPath(source: V1HostPathVolumeSource, prefixes: readonly string[]): string {
  const { path, type = '' } = source;
  const refuse = () =>
    new VolumeNotReady(
      `hostPath ${path} is not allowed on this node; allowed are ${prefixes.join(', ') || 'none'}`,
    );
  if (!isInside(realPath(path), prefixes)) throw refuse();
  if (type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate' && !existsSync(path)) writeFileSync(path, '', { mode: 0o644 });
  if (type.startsWith('Directory') && !(existsSync(path) && statSync(path).isDirectory()))
    throw new VolumeNotReady(`hostPath ${path} is not a folder`);
  if (type.startsWith('File') && !(existsSync(path) && statSync(path).isFile()))
    throw new VolumeNotReady(`hostPath ${path} is not a file`);
  if (!isInside(realPath(path), prefixes)) throw refuse();
  return path;
}

/** Whether `path` is one of the folders or lies in one; all of them must be real paths. */
export function isInside(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === realPath(folder) || path.startsWith(realPath(folder) + sep));
}

/** The path without symbolic links, as far as it exists. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  if (parent === path) return path;
  return `${realPath(parent).replace(/\/$/, '')}${path.slice(parent === '/' ? 0 : parent.length)}`;
}
