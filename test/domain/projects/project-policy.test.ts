import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Project } from '../../../contracts/resources/project.ts';
import { space } from '../../../domain/kinds/space.ts';
import { virtualCluster } from '../../../domain/kinds/virtual-cluster.ts';
import { requiresTemplate } from '../../../domain/projects/project-policy.ts';

const project = (spec: Project['spec'] = {}): Project => ({ metadata: { name: 'p' }, spec });
const instance = (spec: object) => ({ metadata: { name: 'i' }, spec });

test("a project's policy refuses templates and clusters of a tenant cluster", () => {
  const picky = project({
    allowedTemplates: [{ name: 'small' }, { kind: 'SpaceTemplate', name: 'roomy' }],
    allowedClusters: [{ name: 'east' }],
  });
  const cases: [Project, object, string | undefined][] = [
    [picky, { templateRef: { name: 'small' } }, undefined],
    [picky, { templateRef: { name: 'small' }, clusterRef: { cluster: 'east' } }, undefined],
    [picky, { templateRef: { name: 'small' }, clusterRef: { cluster: 'west' } }, 'ClusterNotAllowed'],
    [picky, { templateRef: { name: 'roomy' } }, 'TemplateNotAllowed'],
    [picky, { template: {} }, undefined],
    [picky, {}, 'TemplateRequired'],
    [picky, { templateRef: { name: '', version: '1.0.0' } }, 'TemplateRequired'],
    [project(), {}, 'TemplateRequired'],
    [project({ requireTemplate: { disabled: true } }), {}, undefined],
    [project({ allowedTemplates: [] }), { templateRef: { name: 'small' } }, 'TemplateNotAllowed'],
    [project({ allowedTemplates: [{ name: '*' }] }), { templateRef: { name: 'small' } }, undefined],
    [project({ allowedClusters: [] }), { template: {}, clusterRef: { cluster: 'x' } }, 'ClusterNotAllowed'],
  ];
  for (const [where, spec, reason] of cases)
    assert.equal(virtualCluster.breach(where, instance(spec))?.reason, reason, JSON.stringify(spec));
});

test("a project's policy checks only the cluster of a space, and reports inline templates", () => {
  const picky = project({ allowedClusters: [{ name: 'east' }] });
  assert.equal(
    space.breach(picky, instance({ clusterRef: { cluster: 'west' } }))?.reason,
    'ClusterNotAllowed',
  );
  assert.equal(space.breach(picky, instance({})), undefined);
  const placed = { ...instance({}), status: { clusterRef: { cluster: 'west' } } };
  assert.equal(
    space.breach(picky, placed)?.reason,
    'ClusterNotAllowed',
    'where it is, though no spec says so',
  );
  const isTold = (where: Project, spec: object) =>
    requiresTemplate(where) && virtualCluster.hasInlineTemplate(instance(spec));
  assert.equal(isTold(picky, { template: {} }), true);
  assert.equal(isTold(picky, { templateRef: { name: 'small' } }), false);
  assert.equal(isTold(project({ requireTemplate: { disabled: true } }), { template: {} }), false);
});
