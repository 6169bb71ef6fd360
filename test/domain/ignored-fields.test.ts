import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceOf, ResourcePlural } from '../../contracts/resources/resource-kinds.ts';
import { fieldsIgnored } from '../../domain/ignored-fields.ts';
import { virtualCluster } from '../../domain/kinds/virtual-cluster.ts';
import { preventsDeletion } from '../../domain/vcluster-values.ts';

function ignored<P extends ResourcePlural>(plural: P, spec: object, metadata: object = {}): string[] {
  return fieldsIgnored(plural, { metadata: { name: 'x', ...metadata }, spec } as ResourceOf[P]);
}

describe('fieldsIgnored', () => {
  it('names what is set and not acted on, and nothing that is empty or acted on', () => {
    assert.deepEqual(
      ignored('projects', { vault: { enabled: true }, quotas: {}, members: [{ name: 'a' }] }),
      ['spec.vault'],
    );
    assert.deepEqual(ignored('users', { icon: '', subject: 'a', shoeSize: 42 }), ['spec.shoeSize']);
    assert.deepEqual(ignored('clusters', { networkPeer: true }), ['spec.networkPeer']);
    assert.deepEqual(ignored('clusters', { local: true, config: {} }), []);
  });

  it('names charts that a template would fetch itself', () => {
    const chart = { name: 'vcluster', version: '0.36.0', repo: 'https://charts.example', password: 'x' };
    const template = { helmRelease: { chart: { ...chart, insecureSkipTlsVerify: false } } };
    const names = (path: string) => [`${path}.helmRelease.chart.repo`, `${path}.helmRelease.chart.password`];
    assert.deepEqual(ignored('virtualclusterinstances', { template }), names('spec.template'));
    assert.deepEqual(
      ignored('virtualclustertemplates', { versions: [{ version: '1.0.0', template }] }),
      names('spec.versions[].template'),
    );
  });

  it('names settings of a vcluster.yaml, also where it is a template itself', () => {
    const template = (values: string) => ({ template: { helmRelease: { values } } });
    const named = (values: string) =>
      ignored('virtualclusterinstances', template(values)).map(
        (path) => /^spec\.template\.helmRelease\.values \((.*)\)$/.exec(path)?.[1] ?? path,
      );
    const cases: [string, string[]][] = [
      ['sleep:\n  auto:\n    afterInactivity: 30m\n', ['sleep.auto']],
      ['sleepMode: {enabled: true}', ['sleepMode']],
      ['deletion: {prevent: true, auto: {afterInactivity: 1d}}', ['deletion.auto']],
      ['deletion:\n  prevent: {{ .Values.keep }}\n', ['deletion.prevent']],
      [
        'snapshots: {auto: {schedule: "@daily"}}\nsync: {toHost: {ingresses: {enabled: true}}}',
        ['snapshots.auto'],
      ],
      [
        'integrations: {argoCD: {enabled: true}}\ndeploy: {argoCD: {applications: [{name: a}]}}',
        ['integrations.argoCD', 'deploy'],
      ],
      ['external: {platform: {autoSleep: {afterInactivity: 60}}}', ['external.platform.autoSleep']],
      [
        '{{- if .Values.sleeps }}\nsleep:\n  auto: { afterInactivity: "{{ .Values.after }}" }\n{{- end }}\nsync:\n{{ toYaml .Values.sync | indent 2 }}\n',
        ['sleep.auto'],
      ],
      ['sleep: {}\ndeletion: {prevent: false}\nsnapshots: {auto: {}}', []],
      ['# sleep: {auto: {afterInactivity: 1h}}\nsync: {}', []],
    ];
    for (const [values, expected] of cases) assert.deepEqual(named(values), expected, values);
    assert.deepEqual(ignored('virtualclustertemplates', template('deploy: {metallb: {enabled: true}}')), [
      'spec.template.helmRelease.values (deploy)',
    ]);
  });

  it('names annotations and labels, but not what only says how an instance is', () => {
    const sleep = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [`sleepmode.loft.sh/${name}`, 'x']));
    const annotations = {
      ...sleep('force', 'force-duration', 'sleep-schedule', 'wakeup-schedule', 'timezone', 'sleep-type'),
      ...sleep(
        'last-activity',
        'last-activity-info',
        'sleeping-since',
        'current-epoch-slept',
        'scheduled-sleep',
      ),
      ...sleep('sleep-after', 'delete-after', 'ignore-user-agents', 'ignore-active-connections'),
      ...sleep('scope', 'ignore-ingresses'),
      'example.org/mine': 'x',
    };
    for (const plural of ['virtualclusterinstances', 'spaceinstances'] as const)
      assert.deepEqual(
        ignored(plural, {}, { annotations }),
        ['scope', 'ignore-ingresses'].map((name) => `metadata.annotations[sleepmode.loft.sh/${name}]`),
      );
    assert.deepEqual(
      ignored('projects', {}, { annotations: sleep('sleep-after', 'timezone', 'force', 'scope') }),
      ['force', 'scope'].map((name) => `metadata.annotations[sleepmode.loft.sh/${name}]`),
    );
    assert.deepEqual(
      ignored('clusters', { local: true }, { annotations: { 'loft.sh/ingress-suffix': 'apps.example.org' } }),
      ['metadata.annotations[loft.sh/ingress-suffix]'],
    );
    assert.deepEqual(
      ignored('accesskeys', {}, { labels: { 'sleepmode.loft.sh/ignore-activity': 'true' } }),
      [],
    );
  });

  it('names single values: templates of what there is not, and roles of a scope that open nothing', () => {
    const allowedTemplates = [
      { name: 'a' },
      { kind: 'SpaceTemplate', name: '*' },
      { kind: 'StackTemplate', name: '*' },
    ];
    assert.deepEqual(ignored('projects', { allowedTemplates }), [
      'spec.allowedTemplates[] of kind StackTemplate',
    ]);
    const roles = [{ role: 'loft-cli' }, { role: 'agent' }, { role: 'agent' }];
    assert.deepEqual(ignored('accesskeys', { scope: { roles } }), ['spec.scope.roles[] with role agent']);
  });
});

describe('templates of spaces', () => {
  it('have what is not deployed into the namespace named, and parameters without a template too', () => {
    const template = { metadata: { labels: { a: 'b' } }, objects: 'x', charts: [{ name: 'c' }] };
    assert.deepEqual(ignored('spacetemplates', { versions: [{ version: '1.0.0', template }] }), [
      'spec.versions[].template.objects',
      'spec.versions[].template.charts',
    ]);
    assert.deepEqual(ignored('spaceinstances', { parameters: 'a: 1', template: { objects: 'x' } }), [
      'spec.template',
      'spec.parameters',
    ]);
    const templateRef = { name: 't' };
    assert.deepEqual(ignored('spaceinstances', { templateRef, parameters: 'a: 1' }), []);
  });
});

describe('preventsDeletion', () => {
  it('is what stands there, as Helm reads it', () => {
    for (const values of [
      'deletion: {prevent: true}',
      'deletion:\n  prevent: yes',
      '{{ if .Values.a }}\ndeletion:\n  prevent: true\n{{ end }}',
    ])
      assert.equal(preventsDeletion(values), true, values);
    for (const values of [
      undefined,
      '',
      'deletion: {prevent: "true"}',
      'deletion: {prevent: false}',
      'deletion: {prevent: "{{ .Values.keep }}"}',
      'deletion: [',
      'prevent: true',
    ])
      assert.equal(preventsDeletion(values), false, values);
  });

  it('is of the version of the template that an instance follows', () => {
    const version = (name: string, values: string) => ({
      version: name,
      template: { helmRelease: { values } },
    });
    const versions = [version('1.0.0', 'deletion: {prevent: true}'), version('2.0.0', '')];
    const template = { metadata: { name: 'a' }, spec: { versions } };
    const valuesOf = (spec: object) => virtualCluster.values({ metadata: { name: 'b' }, spec }, template);
    assert.equal(preventsDeletion(valuesOf({ templateRef: { name: 'a', version: '1.x.x' } })), true);
    assert.equal(preventsDeletion(valuesOf({ templateRef: { name: 'a', version: 'x.x.x' } })), false);
    const inline = { helmRelease: { values: 'deletion: {prevent: true}' } };
    assert.equal(preventsDeletion(valuesOf({ template: inline })), true);
  });
});
