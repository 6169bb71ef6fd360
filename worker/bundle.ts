import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PlatformError } from '../contracts/errors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const builder = join(root, 'worker', 'build-workflow-bundle.ts');
/** All that a workflow may import (and the versions of what it gets from elsewhere). */
const sources = ['contracts', 'domain', 'workflows', 'package-lock.json'];
const keptBundles = 5;

/** Where the bundle of the present sources is cached. */
function workflowBundlePath(cacheDir = join(homedir(), '.cache', 'vcluster-platform', 'workflows')): string {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((source) => filesBelow(join(root, source)))) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return join(cacheDir, `${hash.digest('hex').slice(0, 24)}.js`);
}

/**
 * Path of the workflow bundle: the cached one if the sources did not change, else a new one (about 3 s). It is
 * built by another process, because webpack leaves 200 MiB behind.
 * @throws PlatformError `internal` if the workflows cannot be bundled
 */
export async function ensureWorkflowBundle(path = workflowBundlePath()): Promise<string> {
  if (isFile(path)) return path;
  try {
    await promisify(execFile)(process.execPath, [builder, path], { cwd: root });
  } catch (cause) {
    throw new PlatformError('internal', 'failed to bundle the workflows', { cause });
  }
  removeOlder(path);
  return path;
}

function removeOlder(path: string): void {
  const dir = dirname(path);
  const others = readdirSync(dir)
    .filter((name) => name.endsWith('.js') && join(dir, name) !== path)
    .map((name) => join(dir, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of others.slice(keptBundles - 1)) rmSync(old, { force: true });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function filesBelow(path: string): string[] {
  if (isFile(path)) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}
