import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TemplateRef } from '../../../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplate } from '../../../contracts/resources/virtual-cluster-template.ts';
import { virtualCluster } from '../../../domain/kinds/virtual-cluster.ts';
import {
  isSyncedOnce,
  selectionOf,
  templateSyncOf,
} from '../../../domain/instance-templates/template-sync.ts';

/** @param values by version; without a version: of the template itself */
function template(values: Record<string, string>): VirtualClusterTemplate {
  const { '': plain, ...versions } = values;
  const definition = (text: string) => ({ helmRelease: { values: text } });
  return {
    metadata: { name: 't' },
    spec: {
      ...(plain === undefined ? {} : { template: definition(plain) }),
      versions: Object.entries(versions).map(([version, text]) => ({ version, template: definition(text) })),
    },
  };
}

/** What is said of what was deployed from `before` by a reference, now that the template is `after`. */
function said(version: string | undefined, before: VirtualClusterTemplate, after = before, isFixed = false) {
  const templateRef: TemplateRef = { name: 't', ...(version === undefined ? {} : { version }) };
  const found = templateSyncOf({ templateRef, deployed: selectionOf(templateRef, before) }, after, isFixed);
  return found && [found.status, found.reason, found.message];
}

describe('TemplateSynced', () => {
  const one = template({ '1.0.0': 'a' });
  const two = template({ '1.0.0': 'a', '1.1.0': 'b' });
  const edited = template({ '1.0.0': 'c' });
  const plain = template({ '': 'a' });
  const rows: [string, Parameters<typeof said>, ReturnType<typeof said>][] = [
    ['what a pattern selects', ['1.x', two], ['True', undefined, 'version 1.1.0 of template t is deployed']],
    ['a plain template', [undefined, plain], ['True', undefined, 'template t is deployed']],
    [
      'a newer version that a pattern follows',
      ['1.x', one, two],
      [
        'False',
        'NewTemplateVersionAvailable',
        'version 1.0.0 of template t is deployed, and templateRef.version 1.x is 1.1.0: it will be deployed',
      ],
    ],
    [
      'a newer version beside an exact one',
      ['1.0.0', one, two],
      [
        'False',
        'NewTemplateVersionAvailable',
        'version 1.0.0 of template t is deployed, and there is version 1.1.0: set templateRef.version to deploy it',
      ],
    ],
    [
      'a newer version without any version named',
      [undefined, one, two],
      [
        'False',
        'NewTemplateVersionAvailable',
        'version 1.0.0 of template t is deployed, and the newest is 1.1.0: set templateRef.syncOnce to deploy it',
      ],
    ],
    [
      'a change of the version that is deployed',
      ['1.0.0', one, edited],
      [
        'False',
        'TemplateChangesAvailable',
        'version 1.0.0 of template t changed since it was deployed: set templateRef.syncOnce to deploy it',
      ],
    ],
    [
      'a change that x.x.x follows',
      ['x.x.x', plain, template({ '': 'b' })],
      ['False', 'TemplateChangesAvailable', 'template t changed since it was deployed: it will be deployed'],
    ],
    [
      'a newer pre-release',
      ['1.0.0', one, template({ '1.0.0': 'a', '2.0.0-rc.1': 'b' })],
      said('1.0.0', one),
    ],
    ['a version that is gone', ['1.0.0', one, template({ '1.1.0': 'a' })], undefined],
  ];
  for (const [title, given, expected] of rows)
    it(`tells ${title}`, () => assert.deepEqual(said(...given), expected));

  it('is not said of what an earlier version of the platform deployed, or of another template', () => {
    const templateRef = { name: 't' };
    assert.equal(templateSyncOf({ templateRef, deployed: undefined }, plain, false), undefined);
    const deployed = { name: 'u', version: '', hash: 'x' };
    assert.equal(templateSyncOf({ templateRef, deployed }, plain, false), undefined);
  });
});

describe('templateRef.syncOnce', () => {
  const before = template({ '1.0.0': 'a' });
  const after = template({ '1.0.0': 'b' });
  const once = { name: 't', version: '1.0.0', syncOnce: true };
  const hash = (templateRef: TemplateRef, of: VirtualClusterTemplate, since: VirtualClusterTemplate) => {
    const deployed = selectionOf(once, since);
    assert.ok(deployed);
    const status = { observedHash: 'x', template: deployed };
    return virtualCluster.desiredHash({ metadata: { name: 'i' }, spec: { templateRef }, status }, of);
  };

  it('asks for the template as it is now, and for nothing once that is deployed', () => {
    const { syncOnce: _once, ...plain } = once;
    assert.notEqual(hash(once, after, before), hash(plain, after, before));
    assert.equal(hash(once, after, after), hash(plain, after, after));
    assert.equal(hash(plain, after, after), hash(plain, before, before));
  });

  it('is over when that is deployed, or there is nothing to follow', () => {
    const over = (templateRef: TemplateRef, of: VirtualClusterTemplate | undefined, since = before) =>
      isSyncedOnce({ templateRef, deployed: selectionOf(once, since) }, of);
    assert.equal(over(once, after), false);
    assert.equal(over(once, after, after), true);
    assert.equal(over(once, undefined), false, 'its template may come back');
    assert.equal(over({ syncOnce: true }, undefined), true);
    assert.equal(over({ name: 't' }, after, after), false);
    assert.equal(isSyncedOnce({ templateRef: once, deployed: undefined }, after), false);
  });
});
