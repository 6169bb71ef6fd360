import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplate } from '../../../contracts/resources/virtual-cluster-template.ts';
import { nextOperation } from '../../../domain/lifecycle/desired-state.ts';
import { virtualCluster } from '../../../domain/kinds/virtual-cluster.ts';

const { desiredHash } = virtualCluster;

type Spec = NonNullable<VirtualClusterInstance['spec']>;
type Status = NonNullable<VirtualClusterInstance['status']>;

function instance(
  spec: Spec,
  status: Status = {},
  metadata: Partial<VirtualClusterInstance['metadata']> = {},
): VirtualClusterInstance {
  return { metadata: { name: 'a', uid: 'u1', ...metadata }, spec, status };
}
function template(versions: Record<string, string>, plain?: string): VirtualClusterTemplate {
  const definition = (values: string) => ({ helmRelease: { values } });
  return {
    metadata: { name: 't' },
    spec: {
      ...(plain === undefined ? {} : { template: definition(plain) }),
      versions: Object.entries(versions).map(([version, values]) => ({
        version,
        template: definition(values),
      })),
    },
  };
}
const following: Spec = { templateRef: { name: 't', version: '1.x.x' } };

describe('desiredHash', () => {
  const base: Spec = { templateRef: { name: 't' }, parameters: 'a: 1' };
  const hash = (spec: Spec, of?: VirtualClusterTemplate, status: Status = { observedHash: 'x' }) =>
    desiredHash(instance(spec, status), of);
  const same: [string, Spec][] = [
    [
      'display name, owner and access',
      { ...base, displayName: 'x', owner: { user: 'u' }, access: [{ users: ['u'] }] },
    ],
    ['the place', { ...base, clusterRef: { cluster: 'c', namespace: 'n' } }],
    ['empty values', { ...base, templateRef: { name: 't', version: '' } }],
  ];
  for (const [title, spec] of same)
    it(`does not depend on ${title}`, () => assert.equal(hash(spec), hash(base)));

  const different: [string, Spec][] = [
    ['parameters', { ...base, parameters: 'a: 2' }],
    ['the template', { ...base, templateRef: { name: 'u' } }],
    ['the version', { ...base, templateRef: { name: 't', version: '1.0.0' } }],
    ['an inline template', { parameters: 'a: 1', template: {} }],
  ];
  for (const [title, spec] of different)
    it(`depends on ${title}`, () => assert.notEqual(hash(spec), hash(base)));

  it('follows a version pattern to the version it selects, and only a pattern', () => {
    const old = template({ '1.0.0': 'a' });
    const newer = template({ '1.0.0': 'a', '1.1.0': 'b' });
    const unrelated = template({ '1.0.0': 'a', '2.0.0': 'b' });
    assert.notEqual(hash(following, old), hash(following, newer));
    assert.equal(hash(following, old), hash(following, unrelated));
    const pinned: Spec = { templateRef: { name: 't', version: '1.0.0' } };
    assert.equal(hash(pinned, old), hash(pinned, newer));
    assert.equal(hash(base, template({}, 'a')), hash(base, template({}, 'b')));
    const latest: Spec = { templateRef: { name: 't', version: 'x.x.x' } };
    assert.notEqual(hash(latest, template({}, 'a')), hash(latest, template({}, 'b')));
  });

  it('distinguishes a missing template from a later one, until it is deployed', () => {
    assert.notEqual(hash(base, undefined, {}), hash(base, template({}, 'a'), {}));
    assert.equal(hash(base, undefined), hash(base, template({}, 'a')));
  });

  it('does not depend on the order of keys', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(json, (values) => {
        const reversed = Object.fromEntries(Object.entries(values).reverse());
        assert.equal(hash({ template: values as never }), hash({ template: reversed as never }));
      }),
    );
  });
});

describe('nextOperation', () => {
  const spec: Spec = { templateRef: { name: 't' } };
  const there = template({}, 'a');
  const hash = desiredHash(instance(spec, { observedHash: 'x' }), there);
  const force = { annotations: { 'sleepmode.loft.sh/force': 'true' } };
  const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const ours = { ...deleting, finalizers: ['loft.sh/cleanup', 'other/one'] };
  const cases: [title: string, given: VirtualClusterInstance, expected: string | undefined][] = [
    ['new', instance(spec), 'create'],
    ['failed in vain', instance(spec, { failedHash: hash, phase: 'Failed' }), undefined],
    [
      'failed, then changed',
      instance({ ...spec, parameters: 'a: 1' }, { failedHash: hash, phase: 'Failed' }),
      'create',
    ],
    ['up to date', instance(spec, { observedHash: hash, phase: 'Ready' }), undefined],
    ['changed', instance(spec, { observedHash: 'old', phase: 'Ready' }), 'update'],
    [
      'changed, update failed',
      instance(spec, { observedHash: 'old', failedHash: hash, phase: 'Ready' }),
      undefined,
    ],
    ['changed while it sleeps', instance(spec, { observedHash: 'old', phase: 'Sleeping' }, force), 'update'],
    ['sleep wanted', instance(spec, { observedHash: hash, phase: 'Ready' }, force), 'sleep'],
    [
      'sleep wanted, still starting',
      instance(spec, { observedHash: hash, phase: 'Pending' }, force),
      undefined,
    ],
    ['sleep wanted, asleep', instance(spec, { observedHash: hash, phase: 'Sleeping' }, force), undefined],
    [
      'sleep wanted, tried in vain',
      instance(spec, { observedHash: hash, failedHash: `sleep:${hash}`, phase: 'Ready' }, force),
      undefined,
    ],
    ['sleep not wanted any more', instance(spec, { observedHash: hash, phase: 'Sleeping' }), 'wake'],
    [
      'wake tried in vain',
      instance(spec, { observedHash: hash, failedHash: `wake:${hash}`, phase: 'Sleeping' }),
      undefined,
    ],
    ['sleep wanted before it exists', instance(spec, {}, force), 'create'],
    ['deleted', instance(spec, { observedHash: hash, phase: 'Ready' }, ours), 'delete'],
    [
      'deleted while sleep is wanted',
      instance(spec, { observedHash: 'old', phase: 'Ready' }, { ...ours, ...force }),
      'delete',
    ],
    [
      'held by the finalizer of others',
      instance(spec, {}, { ...deleting, finalizers: ['other/one'] }),
      undefined,
    ],
    ['deployed by other hands', instance({ ...spec, external: true }), undefined],
    [
      'deployed by us, and said to be elsewhere afterwards',
      instance({ ...spec, external: true, standalone: true }, { observedHash: hash, phase: 'Ready' }, force),
      'sleep',
    ],
  ];
  for (const [title, given, expected] of cases) {
    it(`${title} → ${expected ?? 'nothing'}`, () =>
      assert.equal(nextOperation('tenant', given, there)?.type, expected));
  }

  it('does nothing when the template of a running instance is deleted', () => {
    const running = instance(following, { observedHash: 'old', phase: 'Ready' });
    assert.equal(nextOperation('tenant', running, undefined), undefined);
    assert.equal(nextOperation('tenant', running, template({ '2.0.0': 'a' })), undefined);
    assert.equal(nextOperation('tenant', running, template({ '1.0.0': 'a' }))?.type, 'update');
  });

  it('retries once the missing template exists', () => {
    const failed = instance(spec, {
      failedHash: nextOperation('tenant', instance(spec), undefined)?.targetHash ?? '',
      phase: 'Failed',
    });
    assert.equal(nextOperation('tenant', failed, undefined), undefined);
    assert.equal(nextOperation('tenant', failed, there)?.type, 'create');
  });

  it('derives the same idempotency key from the same need, and a new one for a recurring need', () => {
    const once = nextOperation(
      'tenant',
      instance(spec, { observedHash: hash, phase: 'Ready' }, force),
      there,
    );
    const relisted = nextOperation(
      'tenant',
      instance(spec, { observedHash: hash, phase: 'Ready', conditions: [] }, force),
      there,
    );
    const later = instance(
      spec,
      { observedHash: hash, phase: 'Ready', lastOperation: { id: 'o2', type: 'wake', state: 'succeeded' } },
      force,
    );
    assert.equal(once?.idempotencyKey, relisted?.idempotencyKey);
    assert.notEqual(once?.idempotencyKey, nextOperation('tenant', later, there)?.idempotencyKey);
  });
});
