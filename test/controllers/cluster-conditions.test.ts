import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import type { ClusterStatus } from '../../contracts/resources/cluster.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import { setClusterConditions } from '../../controllers/clusters/cluster-conditions.ts';

/** A server does not tell how many writes a status was made of. */
async function writesOf(
  conditions: Condition[] | undefined,
  problems: Parameters<typeof setClusterConditions>[2],
): Promise<{ conditions: Condition[]; resourceVersion: string | undefined }[]> {
  const writes: { conditions: Condition[]; resourceVersion: string | undefined }[] = [];
  type PatchStatus = ManagementResources['clusters']['patchStatus'];
  const patchStatus: PatchStatus = async ({ name }, patch, resourceVersion) => {
    assert.equal(name, 'east');
    writes.push({ ...(patch as { conditions: Condition[] }), resourceVersion });
    return undefined as unknown as ReturnType<PatchStatus>;
  };
  const resources = { clusters: { patchStatus } } as unknown as ManagementResources;
  const cluster = {
    metadata: { name: 'east', uid: 'u', resourceVersion: '7', generation: 1, creationTimestamp: '' },
    ...(conditions === undefined ? {} : { status: { conditions } as ClusterStatus }),
  };
  await setClusterConditions({ resources }, cluster, problems);
  return writes;
}

const lastTransitionTime = '2026-01-01T00:00:00.000Z';
const ready: Condition = { type: 'Ready', status: 'True', lastTransitionTime };
const outdated = { severity: 'Warning', reason: 'ManifestsOutdated', message: 'apply them again' } as const;
const contested = { severity: 'Warning', reason: 'ChangedAgain', message: 'somebody does' } as const;
const both = { IdentitiesSynced: outdated, Uncontested: contested };

test('two problems of a cluster are one write, for the version that they were found in', async () => {
  const [write, ...more] = await writesOf([ready], both);
  assert.deepEqual(more, []);
  assert.equal(write?.resourceVersion, '7');
  assert.deepEqual(
    write.conditions.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['Ready', 'True', undefined],
      ['IdentitiesSynced', 'False', 'ManifestsOutdated'],
      ['Uncontested', 'False', 'ChangedAgain'],
    ],
  );
});

test('one problem that comes while another goes is one write', async () => {
  const before = { type: 'IdentitiesSynced', status: 'False', ...outdated, lastTransitionTime } as const;
  const writes = await writesOf([before, ready], { IdentitiesSynced: undefined, Uncontested: contested });
  assert.deepEqual(
    writes.map(({ conditions }) => conditions.map(({ type }) => type)),
    [['Ready', 'Uncontested']],
  );
});

test('conditions that say so already are not written, nor are those of a cluster without problems', async () => {
  const said = Object.entries(both).map(
    ([type, problem]) => ({ type, status: 'False', ...problem, lastTransitionTime }) as const,
  );
  assert.deepEqual(await writesOf([...said, ready], both), []);
  const none = { IdentitiesSynced: undefined, Uncontested: undefined };
  assert.deepEqual(await writesOf([ready], none), []);
  assert.deepEqual(await writesOf(undefined, none), []);
});
