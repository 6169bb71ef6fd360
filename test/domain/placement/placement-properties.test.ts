import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import type { LabelSelector } from '../../../contracts/resources/label-selector.ts';
import { unmetRequirement } from '../../../domain/placement/label-selector.ts';
import { isClusterAllowed, placeTenant } from '../../../domain/placement/placement.ts';

const keys = ['region', 'tier'];
const values = ['a', 'b'];
const names = ['n1', 'n2', 'n3', 'n4', 'n5'];

const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values));
const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom(...keys),
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 }),
  }),
  fc.record({
    key: fc.constantFrom(...keys),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
  }),
);
const selector: fc.Arbitrary<LabelSelector> = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(requirement, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const status = fc.constantFrom(
  { phase: 'Initialized', online: true },
  { phase: 'Initialized', online: true, nodes: { ready: 0, total: 2 } },
  { phase: 'Initialized', online: true, nodes: { ready: 2, total: 2 } },
  { phase: 'Initialized', online: false },
  { phase: 'Failed', reason: 'Offline', online: false },
  { phase: 'Failed', reason: 'ClusterUID', online: false },
  { phase: '', reason: 'InitializeCluster', online: false },
  {},
) as fc.Arbitrary<NonNullable<Cluster['status']>>;

const spec = fc.record(
  { unusable: fc.boolean(), networkPeer: fc.boolean(), maxInstances: fc.nat(4) },
  { requiredKeys: ['unusable', 'networkPeer'] },
);

/** A question, and what is in each cluster. */
const world = fc
  .uniqueArray(fc.constantFrom(...names), { minLength: 1 })
  .chain((present) =>
    fc.record({
      clusters: fc.tuple(
        ...present.map((name) =>
          fc
            .record({ labels, status, spec })
            .map(({ labels, ...rest }): Cluster => ({ metadata: { name, labels }, ...rest })),
        ),
      ),
      allowed: fc.option(fc.subarray([...names, '*']), { nil: undefined }),
      asked: fc.option(selector, { nil: undefined }),
      ofTemplate: fc.option(selector, { nil: undefined }),
      counts: fc.dictionary(fc.constantFrom(...names), fc.nat(5)),
      own: fc.dictionary(fc.constantFrom(...names), fc.nat(5)),
    }),
  )
  .map(({ clusters, allowed, asked, ofTemplate, counts, own }) => ({
    project: {
      metadata: { name: 'p' },
      spec: allowed === undefined ? {} : { allowedClusters: allowed.map((name) => ({ name })) },
    },
    clusters,
    asked: { selector: asked },
    template: { name: 't', selector: ofTemplate },
    load: (name: string) => ({ all: counts[name] ?? 0, ofProject: own[name] ?? 0 }),
  }));
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

/** What fits, said in another way than the code says it. */
function fitting({ project, clusters, asked, template, load }: World): Cluster[] {
  return clusters.filter(
    (one) =>
      isClusterAllowed(project, one.metadata.name) &&
      one.spec.unusable !== true &&
      one.status?.phase === 'Initialized' &&
      one.status.online === true &&
      load(one.metadata.name).all < (one.spec.maxInstances ?? Number.MAX_SAFE_INTEGER) &&
      [asked.selector, template.selector].every(
        (selector) => selector === undefined || unmetRequirement(selector, one.metadata.labels) === undefined,
      ),
  );
}

test('what is chosen fits, and something is chosen if anything fits', () => {
  fc.assert(
    fc.property(world, (given) => {
      const placement = placeTenant(given);
      const fit = fitting(given);
      if ('cluster' in placement) {
        const chosen = fit.find(({ metadata }) => metadata.name === placement.cluster);
        assert.ok(chosen, `${placement.cluster} does not fit`);
        const hasNodes = (one: Cluster) => one.status?.nodes?.ready !== 0;
        assert.equal(hasNodes(chosen), fit.some(hasNodes));
      } else assert.deepEqual(fit, []);
    }),
    { numRuns: 2000 },
  );
});

test('the order of the list does not matter, to the choice or to the message', () => {
  const shuffled = world.chain((given) =>
    fc
      .shuffledSubarray([...given.clusters], { minLength: given.clusters.length })
      .map((clusters) => [given, { ...given, clusters }] as const),
  );
  fc.assert(
    fc.property(shuffled, ([given, other]) => {
      assert.deepEqual(placeTenant(other), placeTenant(given));
    }),
    { numRuns: 2000 },
  );
});

test('asking for more labels never lets another cluster in', () => {
  fc.assert(
    fc.property(world, fc.constantFrom(...keys), fc.constantFrom(...values), (given, key, value) => {
      const { matchExpressions = [], ...asked } = given.asked.selector ?? {};
      const more = [...matchExpressions, { key, operator: 'In' as const, values: [value] }];
      const narrower = { ...given, asked: { selector: { ...asked, matchExpressions: more } } };
      const placement = placeTenant(narrower);
      if (!('cluster' in placement)) return;
      const isChosen = ({ metadata }: Cluster) => metadata.name === placement.cluster;
      assert.ok('cluster' in placeTenant({ ...given, clusters: given.clusters.filter(isChosen) }));
      assert.equal(given.clusters.find(isChosen)?.metadata.labels?.[key], value);
    }),
    { numRuns: 2000 },
  );
});

test('only an agent is awaited, and only if nothing else can come', () => {
  fc.assert(
    fc.property(world, (given) => {
      const placement = placeTenant(given);
      if (!('awaited' in placement)) return;
      const { awaited } = placement;
      const one = given.clusters.find(({ metadata }) => metadata.name === awaited);
      assert.deepEqual([one?.spec.networkPeer, one?.status?.online], [true, false]);
      const back = (cluster: Cluster): Cluster =>
        cluster === one ? { ...cluster, status: { phase: 'Initialized', online: true } } : cluster;
      const { maxInstances: _limit, ...spec } = one?.spec ?? {};
      const clusters = given.clusters
        .map(back)
        .map((c) => (c.metadata.name === awaited ? { ...c, spec } : c));
      assert.deepEqual(placeTenant({ ...given, clusters }), { cluster: awaited });
    }),
    { numRuns: 2000 },
  );
});

test('a spread: one after another, clusters of equal size get equally many, and each project is spread', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('p', 'q'), { maxLength: 40 }), (projects) => {
      const clusters = ['a', 'b', 'c'].map(
        (name): Cluster => ({ metadata: { name }, spec: {}, status: { phase: 'Initialized' } }),
      );
      const placed: [project: string, cluster: string][] = [];
      for (const name of projects) {
        const placement = placeTenant({
          project: { metadata: { name } },
          clusters,
          load: (cluster) => {
            const there = placed.filter(([, where]) => where === cluster);
            return { all: there.length, ofProject: there.filter(([project]) => project === name).length };
          },
        });
        assert.ok('cluster' in placement);
        placed.push([name, placement.cluster]);
      }
      const counts = clusters.map(
        ({ metadata }) => placed.filter(([, where]) => where === metadata.name).length,
      );
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    }),
  );
});
