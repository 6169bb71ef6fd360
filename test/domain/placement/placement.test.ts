import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { placeTenant } from '../../../domain/placement/placement.ts';

function cluster(
  name: string,
  status: NonNullable<Cluster['status']> = { phase: 'Initialized' },
  unusable = false,
): Cluster {
  return { metadata: { name }, spec: { local: true, unusable }, status };
}
function project(...allowed: string[]): Project {
  return { metadata: { name: 'p' }, spec: { allowedClusters: allowed.map((name) => ({ name })) } };
}
const unlimited: Project = { metadata: { name: 'p' } };
const both = [cluster('east'), cluster('west')];
const silent = cluster('dark', {
  phase: 'Failed',
  reason: 'Offline',
  message: 'why',
  online: false,
  lastSeen: '2026-01-01T00:00:00Z',
});
const offline = cluster('north', { phase: 'Initialized', online: false });

describe('placement', () => {
  const cases: [title: string, given: Parameters<typeof placeTenant>[0], expected: string | RegExp][] = [
    ['the first by name', { project: unlimited, clusters: [...both].reverse() }, 'east'],
    [
      'not one that has fallen silent, which may come back',
      { project: unlimited, clusters: [silent], wanted: 'dark' },
      /^cluster_unreachable: cluster "dark" has been offline since 2026-01-01T00:00:00Z$/,
    ],
    [
      'the least loaded',
      { project: project('*'), clusters: both, load: (name) => (name === 'east' ? 2 : 1) },
      'west',
    ],
    ['only an allowed one', { project: project('west'), clusters: both }, 'west'],
    ['the wanted one', { project: project('*'), clusters: both, wanted: 'west' }, 'west'],
    [
      'a wanted one that is not allowed',
      { project: project('east'), clusters: both, wanted: 'west' },
      /^forbidden: .*does not allow/,
    ],
    [
      'a wanted one that is not there',
      { project: project('*'), clusters: both, wanted: 'x' },
      /^cluster_not_found: .*"x"/,
    ],
    ['none allowed', { project: project(), clusters: both }, /^cluster_not_found: .*allows none/],
    ['no cluster at all', { project: unlimited, clusters: [] }, /^cluster_not_found/],
    [
      'not an unusable one',
      { project: unlimited, clusters: [cluster('a', undefined, true), cluster('b')] },
      'b',
    ],
    [
      'not a failed one',
      { project: unlimited, clusters: [cluster('a', { phase: 'Failed', message: 'why' })] },
      /^conflict: .*has failed: why/,
    ],
    [
      'one that may come back',
      { project: unlimited, clusters: [offline, cluster('a', { phase: 'Failed' })] },
      /^cluster_unreachable: .*is offline/,
    ],
    [
      'one that is not initialised yet',
      { project: unlimited, clusters: [cluster('a', {})], wanted: 'a' },
      /^cluster_unreachable: .*not initialised/,
    ],
  ];
  for (const [title, given, expected] of cases) {
    it(title, () => {
      const placement = placeTenant(given);
      const shown = 'cluster' in placement ? placement.cluster : `${placement.reason}: ${placement.message}`;
      if (typeof expected === 'string') assert.equal(shown, expected);
      else assert.match(shown, expected);
    });
  }
});
