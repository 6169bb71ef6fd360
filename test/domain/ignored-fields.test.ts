import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceOf, ResourcePlural } from '../../contracts/resources/resource-kinds.ts';
import { fieldsIgnored } from '../../domain/ignored-fields.ts';

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
    assert.deepEqual(ignored('clusters', { networkPeer: true, opencost: { replicas: 1 } }), [
      'spec.opencost',
    ]);
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
      ['sleep:\n  auto:\n    afterInactivity: 30m\n', []],
      [
        'sleep: {auto: {afterInactvity: 30m, wakeup: {shedule: "0 8 * * *"}}}',
        ['sleep.auto.afterInactvity', 'sleep.auto.wakeup.shedule'],
      ],
      [
        'sleepMode: {enabled: true, timeZone: UTC, autoSleep: {exclude: {selector: {names: [a]}}}}',
        ['sleepMode.autoSleep.exclude'],
      ],
      ['deletion: {prevent: true, auto: {afterInactivity: 48h}, grace: 1h}', ['deletion.grace']],
      ['deletion:\n  prevent: {{ .Values.keep }}\n', []],
      [
        'snapshots: {auto: {schedule: "@daily"}}\nsync: {toHost: {ingresses: {enabled: true}}}',
        ['snapshots.auto'],
      ],
      [
        'integrations: {argoCD: {enabled: true}}\ndeploy: {argoCD: {applications: [{name: a}]}}',
        ['integrations.argoCD', 'deploy'],
      ],
      [
        'external: {platform: {autoSleep: {afterInactivity: 60}, autoDelete: {after: 60}}}',
        ['external.platform.autoDelete.after'],
      ],
      [
        '{{- if .Values.sleeps }}\nsnapshots:\n  auto: { schedule: "{{ .Values.at }}" }\n{{- end }}\nsync:\n{{ toYaml .Values.sync | indent 2 }}\n',
        ['snapshots.auto'],
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
      ...sleep('ignore-vclusters', 'scope', 'ignore-ingresses'),
      'example.org/mine': 'x',
    };
    for (const plural of ['virtualclusterinstances', 'spaceinstances'] as const)
      assert.deepEqual(
        ignored(plural, {}, { annotations }),
        ['ignore-vclusters', 'scope', 'ignore-ingresses'].map(
          (name) => `metadata.annotations[sleepmode.loft.sh/${name}]`,
        ),
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

describe('metadata of a template', () => {
  it('is ignored but for settings of sleep', () => {
    const metadata = (name: string) => ({ metadata: { annotations: { [name]: '3600' } } });
    const template = (name: string) => ({
      template: { ...metadata(name), instanceTemplate: metadata(name) },
    });
    assert.deepEqual(ignored('virtualclustertemplates', template('sleepmode.loft.sh/sleep-after')), []);
    assert.deepEqual(ignored('virtualclusterinstances', template('sleepmode.loft.sh/force')), [
      'spec.template.metadata',
      'spec.template.instanceTemplate',
    ]);
    assert.deepEqual(ignored('spacetemplates', template('sleepmode.loft.sh/sleep-after')), []);
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
