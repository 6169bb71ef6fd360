import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folder with the snapshots of a tenant cluster that is the only one of its name so far: `<project>/<name>.<uid>`. */
export function snapshotFolder(snapshotsDir: string, project: string, tenantCluster: string): string {
  const dir = join(snapshotsDir, project);
  const found = readdirSync(dir).filter((name) => name.startsWith(`${tenantCluster}.`));
  assert.equal(found.length, 1, `folders of ${tenantCluster}: ${readdirSync(dir).join(', ')}`);
  return join(dir, found[0] ?? '');
}
