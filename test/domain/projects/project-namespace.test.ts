import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ProjectSpec } from '../../../contracts/resources/project.ts';
import { isNamespaceUpToDate, projectNamespaceObject } from '../../../domain/projects/project-namespace.ts';

const prefix = 'vcluster-platform.io/';
const metadataOf = (spec?: ProjectSpec) =>
  projectNamespaceObject({ metadata: { name: 'demo' }, ...(spec === undefined ? {} : { spec }) }).metadata;
/** Templates, templates of spaces, clusters, default template, whether a template is required. */
const told = (spec?: ProjectSpec) => {
  const { annotations, labels } = metadataOf(spec);
  return [
    ...['allowed-templates', 'allowed-space-templates', 'allowed-clusters', 'default-template'].map(
      (name) => annotations[prefix + name],
    ),
    labels[`${prefix}require-template`],
  ];
};

it('the namespace of a project tells admission what the project allows', () => {
  const cases: [ProjectSpec | undefined, string[]][] = [
    [undefined, ['*', '*', '*', '', 'true']],
    [{ allowedTemplates: [], allowedClusters: [] }, ['', '', '', '', 'true']],
    [{ requireTemplate: { disabled: true } }, ['*', '*', '*', '', 'false']],
    [
      {
        allowedTemplates: [
          { name: 'small' },
          { kind: '', name: 'large', isDefault: true },
          { kind: 'VirtualClusterTemplate', name: '*' },
          { kind: 'SpaceTemplate', name: 'roomy' },
          { kind: 'Other', name: 'odd' },
          { isDefault: false },
        ],
        allowedClusters: [{ name: 'east' }, { name: 'west' }, {}],
      },
      ['small,large,*', 'roomy', 'east,west', 'large', 'true'],
    ],
    // No such name would be one; what is listed with it must not come to be allowed by halves.
    [{ allowedTemplates: [{ name: 'a,b' }, { name: 'c' }] }, ['c', '', '*', '', 'true']],
  ];
  for (const [spec, expected] of cases) assert.deepEqual(told(spec), expected, JSON.stringify(spec));
});

it("a project's own template for its namespace says nothing in the platform's place", () => {
  const { annotations, labels } = metadataOf({
    allowedTemplates: [{ name: 'small' }],
    namespaceTemplate: {
      metadata: {
        annotations: { [`${prefix}allowed-templates`]: '*', team: 'blue' },
        labels: { [`${prefix}require-template`]: 'false', 'loft.sh/project': 'other', floor: '3' },
      },
    },
  });
  assert.equal(annotations[`${prefix}allowed-templates`], 'small');
  assert.equal((annotations as Record<string, string>)['team'], 'blue');
  assert.deepEqual(labels, { floor: '3', 'loft.sh/project': 'demo', [`${prefix}require-template`]: 'true' });
});

it('a project takes instances once its namespace says what the project says now', () => {
  const project = { metadata: { name: 'demo' }, spec: { allowedTemplates: [{ name: 'small' }] } };
  const { metadata } = projectNamespaceObject(project);
  const others = { ...metadata, labels: { ...metadata.labels, 'kubernetes.io/metadata.name': 'p-demo' } };
  assert.equal(isNamespaceUpToDate({ metadata: others }, project), true);
  assert.equal(isNamespaceUpToDate(undefined, project), false);
  const ending = { ...metadata, deletionTimestamp: '2026-11-29T12:00:00Z' };
  assert.equal(isNamespaceUpToDate({ metadata: ending }, project), false);
  const changed = { ...project, spec: { allowedTemplates: [{ name: 'large' }] } };
  assert.equal(isNamespaceUpToDate({ metadata }, changed), false);
});
