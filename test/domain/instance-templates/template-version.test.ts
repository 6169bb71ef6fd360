import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VirtualClusterTemplate } from '../../../contracts/resources/virtual-cluster-template.ts';
import { isVersionPattern, resolveTemplate } from '../../../domain/instance-templates/template-version.ts';

const versions = ['1.2.3', '1.10.0', '1.9.9', '2.0.0-rc.1', 'v3.0.0', '3.0.1-alpha'];
const versioned: VirtualClusterTemplate = {
  metadata: { name: 't' },
  spec: { versions: versions.map((version) => ({ version })) },
};
const plain: VirtualClusterTemplate = { metadata: { name: 't' }, spec: { template: { objects: 'x' } } };

describe('template version', () => {
  const cases: [wanted: string | undefined, expected: string | undefined][] = [
    ['1.2.3', '1.2.3'],
    ['v1.2.3', '1.2.3'],
    ['1.2', undefined],
    ['1.2.4', undefined],
    ['1.X.X', '1.10.0'],
    ['1.x.x', '1.10.0'],
    ['1.2.X', '1.2.3'],
    ['1.3.X', undefined],
    ['2.X.X', undefined],
    ['2.0.0-rc.1', '2.0.0-rc.1'],
    ['3.0.0', 'v3.0.0'],
    ['x.x.x', 'v3.0.0'],
    ['X.X.X', 'v3.0.0'],
    [undefined, 'v3.0.0'],
    ['', 'v3.0.0'],
    ['latest', undefined],
    ['1.X.X; drop', undefined],
  ];
  for (const [wanted, expected] of cases) {
    it(`${wanted} selects ${expected ?? 'nothing'}`, () =>
      assert.equal(resolveTemplate(versioned, wanted)?.version, expected));
  }

  it('selects a template without versions by no version or x.x.x only', () => {
    for (const wanted of [undefined, '', 'x.x.x'])
      assert.deepEqual(resolveTemplate(plain, wanted)?.definition, { objects: 'x' });
    for (const wanted of ['1.0.0', '1.X.X']) assert.equal(resolveTemplate(plain, wanted), undefined);
  });

  it('recognises a pattern', () => {
    for (const pattern of ['1.X.X', '1.2.x', 'x.x.x', 'X']) assert.ok(isVersionPattern(pattern), pattern);
    for (const exact of ['1.2.3', '', 'x1', '1.2']) assert.ok(!isVersionPattern(exact), exact);
  });
});
