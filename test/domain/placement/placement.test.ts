import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { type Placement, type PlacementQuestion, placeTenant } from '../../../domain/placement/placement.ts';

interface Given extends Partial<PlacementQuestion> {
  readonly clusters: readonly Cluster[];
}

function cluster(
  name: string,
  status: NonNullable<Cluster['status']> = { phase: 'Initialized' },
  spec: Partial<Cluster['spec']> = {},
  labels: Record<string, string> = {},
): Cluster {
  return { metadata: { name, labels }, spec: { local: true, ...spec }, status };
}
function project(...allowed: string[]): Project {
  return { metadata: { name: 'p' }, spec: { allowedClusters: allowed.map((name) => ({ name })) } };
}
const unlimited: Project = { metadata: { name: 'p' } };
const up = { phase: 'Initialized', online: true } as const;
const both = [cluster('east'), cluster('west')];
const offline = cluster('north', { phase: 'Initialized', online: false });
const lost = {
  phase: 'Failed',
  reason: 'Offline',
  message: 'why',
  online: false,
  lastSeen: '2026-01-01T00:00:00Z',
} as const;
const dark = cluster('dark', lost, { local: false, networkPeer: true });
const europe = cluster('paris', up, {}, { region: 'eu', tier: 'gold' });
const america = cluster('dallas', up, {}, { region: 'us' });
const inEurope = { matchLabels: { region: 'eu' } };
/** How many are in each, and how many of them are of the project. */
const loads =
  (all: Record<string, number>, own: Record<string, number> = {}) =>
  (name: string) => ({ all: all[name] ?? 0, ofProject: own[name] ?? 0 });

function shown(placement: Placement): string {
  return 'cluster' in placement ? placement.cluster : `${placement.reason}: ${placement.message}`;
}

describe('a cluster is chosen:', () => {
  const cases: [title: string, given: Given, expected: string | RegExp][] = [
    ['the first by name', { clusters: [...both].reverse() }, 'east'],
    ['the least loaded', { clusters: both, load: loads({ east: 2, west: 1 }) }, 'west'],
    [
      'the least loaded for its size',
      {
        clusters: [cluster('east', up, { maxInstances: 10 }), cluster('west', up, { maxInstances: 100 })],
        load: loads({ east: 4, west: 30 }),
      },
      'west',
    ],
    [
      'one without a limit counts as large as the largest',
      {
        clusters: [cluster('east', up, { maxInstances: 10 }), cluster('west', up)],
        load: loads({ east: 4, west: 5 }),
      },
      'east',
    ],
    [
      'of equals the one with the fewest of the project',
      { clusters: both, load: loads({ east: 2, west: 2 }, { east: 1 }) },
      'west',
    ],
    ['only an allowed one', { project: project('west'), clusters: both }, 'west'],
    ['none allowed', { project: project(), clusters: both }, /^cluster_not_found: .*allows none/],
    ['no cluster at all', { clusters: [] }, /^cluster_not_found/],
    [
      'not an unusable one',
      { clusters: [cluster('a', up, { unusable: true }), cluster('b'), cluster('c', lost)] },
      'b',
    ],
    [
      'not a full one',
      { clusters: [cluster('a', up, { maxInstances: 0 }), cluster('b')], load: loads({ b: 9 }) },
      'b',
    ],
    [
      'all are full',
      { clusters: [cluster('a', up, { maxInstances: 3 })], load: loads({ a: 4 }) },
      /^conflict: .*"a" is full: it has 4 of at most 3 tenant clusters and spaces$/,
    ],
    [
      'not a failed one',
      { clusters: [cluster('a', { phase: 'Failed', message: 'why' })] },
      /^conflict: .*has failed: why/,
    ],
    [
      'one without a ready node only if there is nothing else',
      {
        clusters: [cluster('a', { ...up, nodes: { ready: 0, total: 1 } }), cluster('b')],
        load: loads({ b: 9 }),
      },
      'b',
    ],
    ['it may get a node', { clusters: [cluster('a', { ...up, nodes: { ready: 0, total: 0 } })] }, 'a'],
    ['one with the labels', { clusters: [america, europe], asked: { selector: inEurope } }, 'paris'],
    [
      'one with the labels of the template, too',
      {
        clusters: [cluster('lyon', up, {}, { region: 'eu' }), europe],
        asked: { selector: inEurope },
        template: { name: 't', selector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } },
      },
      'paris',
    ],
    [
      'no one has the labels: the message says which, and who asks for them',
      {
        project: project('paris', 'dallas'),
        clusters: [america, europe, cluster('secret')],
        asked: { selector: inEurope },
        template: {
          name: 't',
          selector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['gold', 'silver'] }] },
        },
      },
      'conflict: no connected cluster can take it: "dallas" does not match "region=eu" (spec.clusterSelector); "paris" does not match "tier notin (gold,silver)" (clusterSelector of template "t")',
    ],
    [
      'a long list is cut',
      { clusters: Array.from({ length: 12 }, (_, n) => cluster(`c${n}`, up, { unusable: true })) },
      /"c7" is marked unusable; and 2 more$/,
    ],
    [
      'one that may come back, without an agent',
      { clusters: [offline, cluster('a', { phase: 'Failed' })] },
      /^cluster_unreachable: .*is offline/,
    ],
    [
      'one of several may come back',
      { clusters: [dark, offline] },
      /^cluster_unreachable: .*"dark" has been offline since 2026-01-01T00:00:00Z; "north" is offline$/,
    ],
    [
      'room may come in one, another may come back',
      { clusters: [dark, cluster('a', up, { maxInstances: 0 })] },
      /^cluster_unreachable: /,
    ],
  ];
  for (const [title, given, expected] of cases) {
    it(title, () => {
      const said = shown(placeTenant({ project: unlimited, ...given }));
      if (typeof expected === 'string') assert.equal(said, expected);
      else assert.match(said, expected);
    });
  }

  it('the only one that fits is offline: its agent is awaited', () => {
    const gone = cluster('a', up, { unusable: true });
    assert.deepEqual(placeTenant({ project: unlimited, clusters: [gone, dark] }), {
      reason: 'cluster_offline',
      message:
        'no connected cluster can take it: "a" is marked unusable; "dark" has been offline since 2026-01-01T00:00:00Z',
      awaited: 'dark',
    });
  });
});

describe('a named cluster is checked:', () => {
  const west = { cluster: 'west' };
  const cases: [title: string, given: Given, expected: string | RegExp][] = [
    ['the one of the spec', { clusters: both, asked: west }, 'west'],
    ['the one of the template', { clusters: both, template: { name: 't', ...west } }, 'west'],
    ['both say the same', { clusters: both, asked: west, template: { name: 't', ...west } }, 'west'],
    [
      'template and spec name two',
      { clusters: both, asked: { cluster: 'east' }, template: { name: 't', ...west } },
      'conflict: template "t" fixes cluster "west", and spec.clusterRef.cluster asks for "east": leave it out',
    ],
    [
      'one that is not allowed, whether it is there or not',
      { project: project('east'), clusters: [], asked: west },
      /^forbidden: .*does not allow cluster "west"/,
    ],
    [
      'one of the template that is not allowed',
      {
        project: project('east'),
        clusters: both,
        template: { name: 't', ...west },
        asked: { cluster: 'east' },
      },
      /^forbidden: .*does not allow cluster "west"/,
    ],
    ['one that is not there', { clusters: both, asked: { cluster: 'x' } }, /^cluster_not_found: .*"x"/],
    [
      'one without the labels',
      { clusters: [america], asked: { cluster: 'dallas', selector: inEurope } },
      'conflict: cluster "dallas" does not match "region=eu" (spec.clusterSelector)',
    ],
    [
      'a full one',
      { clusters: [cluster('a', up, { maxInstances: 1 })], asked: { cluster: 'a' }, load: loads({ a: 1 }) },
      /^conflict: cluster "a" is full/,
    ],
    [
      'one without nodes: somebody wants it so',
      {
        clusters: [...both, cluster('a', { ...up, nodes: { ready: 0, total: 0 } })],
        asked: { cluster: 'a' },
      },
      'a',
    ],
    [
      'one that is not initialised yet',
      { clusters: [cluster('a', {})], asked: { cluster: 'a' } },
      /^cluster_unreachable: .*not initialised/,
    ],
    [
      'one whose API server does not answer the platform',
      {
        clusters: [
          cluster('a', { phase: 'Failed', reason: 'HealthCheckCluster', message: 'why', online: false }),
        ],
        asked: { cluster: 'a' },
      },
      'cluster_unreachable: cluster "a" does not answer: why',
    ],
    [
      'one that is offline',
      { clusters: [...both, dark], asked: { cluster: 'dark' } },
      'cluster_offline: cluster "dark" has been offline since 2026-01-01T00:00:00Z',
    ],
    [
      'the embedded one with its agent away',
      {
        clusters: [cluster('local', { ...lost, agentVersion: '1' })],
        asked: { cluster: 'local' },
      },
      /^cluster_offline: /,
    ],
    [
      'the place of before, whatever is asked for now',
      {
        clusters: [cluster('a', up, { maxInstances: 1 }), ...both],
        placed: 'a',
        asked: { cluster: 'east', selector: inEurope },
        template: { name: 't', cluster: 'west', selector: inEurope },
        load: loads({ a: 5 }),
      },
      'a',
    ],
    [
      'the place of before, which is not allowed any more',
      { project: project('east'), clusters: both, placed: 'west' },
      /^forbidden: /,
    ],
    ['the place of before is offline', { clusters: [...both, dark], placed: 'dark' }, /^cluster_offline: /],
  ];
  for (const [title, given, expected] of cases) {
    it(title, () => {
      const said = shown(placeTenant({ project: unlimited, ...given }));
      if (typeof expected === 'string') assert.equal(said, expected);
      else assert.match(said, expected);
    });
  }
});
