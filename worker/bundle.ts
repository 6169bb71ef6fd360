import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BundleOptions } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));
/** All that a workflow may import (and the versions of what it gets from elsewhere). */
const sources = ['contracts', 'domain', 'workflows', 'package-lock.json'];

/** Where the bundle of the present sources is cached. */
export function workflowBundlePath(cacheDir = join(homedir(), '.cache', 'vcluster-platform', 'workflows')): string {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((source) => filesBelow(join(root, source)))) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return join(cacheDir, `${hash.digest('hex').slice(0, 24)}.js`);
}

/**
 * Path of the workflow bundle: the cached one if the sources did not change, else a new one (about 3 s, and
 * 150 MiB for webpack, which is loaded only then).
 */
export async function ensureWorkflowBundle(path = workflowBundlePath()): Promise<string> {
  if (exists(path)) return path;
  const code = await buildWorkflowBundle(join(root, 'workflows', 'index.ts'));
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, code);
  renameSync(temporary, path);
  removeOlder(path);
  return path;
}

/** Code of a bundle with `workflowsPath` as its entry. */
export async function buildWorkflowBundle(workflowsPath: string, options: Omit<BundleOptions, 'workflowsPath'> = {}): Promise<string> {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({ ...options, workflowsPath });
  return code;
}

/** Keeps the cache at five bundles. */
function removeOlder(path: string): void {
  const dir = dirname(path);
  const bundles = readdirSync(dir).filter((name) => name.endsWith('.js'));
  if (bundles.length <= 5) return;
  for (const name of bundles.filter((candidate) => join(dir, candidate) !== path)) rmSync(join(dir, name), { force: true });
}

function exists(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

function filesBelow(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .sort((a, b) => a.name.localeCompare(b.name))
      .flatMap((entry) => filesBelow(join(path, entry.name)));
  } catch {
    return [path]; // a file
  }
}
