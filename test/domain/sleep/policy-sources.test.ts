import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Project } from '../../../contracts/resources/project.ts';
import type { SpaceInstance } from '../../../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplate } from '../../../contracts/resources/virtual-cluster-template.ts';
import { mergePatch } from '../../../domain/merge-patch.ts';
import { secondsOfDuration } from '../../../contracts/duration.ts';
import { ignoreListFault, type IgnoreList } from '../../../domain/sleep/ignore-rules.ts';
import { isDeletionPrevented, resolvedPolicy } from '../../../domain/sleep/policy-sources.ts';
import { sleepModeConfigOf } from '../../../domain/sleep/sleep-mode-config.ts';
import { sleepPolicyOf } from '../../../domain/sleep/sleep-policy.ts';
import {
  saidByRendered,
  withoutSleepValues,
  writtenInDefinition,
} from '../../../domain/sleep/sleep-values.ts';

const sleep = (given: Record<string, string>) =>
  Object.fromEntries(Object.entries(given).map(([name, text]) => [`sleepmode.loft.sh/${name}`, text]));
const definition = (values: string) => ({ helmRelease: { values } });

interface Given {
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly spec?: VirtualClusterInstance['spec'];
  readonly status?: VirtualClusterInstance['status'];
  readonly template?: VirtualClusterTemplate['spec'];
  readonly project?: Record<string, string>;
}

/** The instance as it is once the controller has written its status, and what that says. */
function resolved(given: Given) {
  const { annotations = {}, labels = {}, spec, status = {} } = given;
  const instance: VirtualClusterInstance = {
    metadata: { name: 'a', annotations, labels },
    status,
    ...(spec === undefined ? {} : { spec }),
  };
  const template = given.template && { metadata: { name: 't' }, spec: given.template };
  const project: Project = { metadata: { name: 'demo', annotations: given.project ?? {} } };
  const sleepPolicy = resolvedPolicy('tenant', instance, { template, project });
  const written: VirtualClusterInstance = { ...instance, status: { ...status, sleepPolicy } };
  const found = sleepPolicyOf(written);
  assert.deepEqual(resolvedPolicy('tenant', written, { template, project }), sleepPolicy, 'it settles');
  return { instance: written, stored: sleepPolicy, found };
}

function policyOf(given: Given) {
  const { found } = resolved(given);
  assert.ok(found !== undefined && 'policy' in found, JSON.stringify(found));
  return found.policy;
}

function faultOf(given: Given): string {
  const { found } = resolved(given);
  assert.ok(found !== undefined && 'fault' in found, JSON.stringify(found));
  return found.fault;
}

const inline = (values: string) => ({ spec: { template: definition(values) } });
const fromTemplate = (values: string) => ({
  spec: { templateRef: { name: 't' } },
  template: { template: definition(values) },
});

describe('the sleep policy that holds', () => {
  it('is none if nobody says anything', () => {
    assert.deepEqual(resolved({}), {
      instance: { metadata: { name: 'a', annotations: {}, labels: {} }, status: { sleepPolicy: {} } },
      stored: {},
      found: undefined,
    });
  });

  it('takes each setting from the first that mentions it: template, annotation, own values, project', () => {
    const policy = policyOf({
      ...fromTemplate('sleep: {auto: {afterInactivity: 30m}}'),
      annotations: sleep({ 'sleep-after': '60', 'delete-after': '3600', 'sleep-schedule': '0 20 * * *' }),
      project: sleep({
        'sleep-after': '1',
        'delete-after': '2',
        'sleep-schedule': '@daily',
        timezone: 'europe/berlin',
      }),
    });
    assert.deepEqual(
      [policy.afterInactivitySeconds, policy.deleteAfterSeconds, policy.sleepSchedule, policy.timezone],
      [1800, 3600, '0 20 * * *', 'Europe/Berlin'],
    );
    assert.deepEqual(policy.sources, {
      afterInactivitySeconds: 'template',
      deleteAfterSeconds: 'annotation',
      sleepSchedule: 'annotation',
      timezone: 'project',
    });
    const own = policyOf({
      ...inline('sleep: {auto: {afterInactivity: 30m, schedule: "0 21 * * *"}}'),
      annotations: sleep({ 'sleep-after': '60' }),
      project: sleep({ 'sleep-schedule': '@daily', 'wakeup-schedule': '0 8 * * *' }),
    });
    assert.deepEqual(own.sources, {
      afterInactivitySeconds: 'annotation',
      sleepSchedule: 'instance',
      wakeupSchedule: 'project',
    });
    assert.equal(own.afterInactivitySeconds, 60);
  });

  it('is turned off by "0" and "", and the source says by whom', () => {
    const project = sleep({
      'sleep-after': '60',
      'sleep-schedule': '@daily',
      'ignore-verbs': 'list',
      'ignore-all': 'true',
    });
    const off = policyOf({
      project,
      annotations: sleep({
        'sleep-after': '0',
        'sleep-schedule': '',
        'ignore-verbs': '',
        'ignore-all': 'false',
      }),
    });
    assert.deepEqual(
      [off.afterInactivitySeconds, off.sleepSchedule, off.ignore.verbs, off.ignore.all],
      [undefined, undefined, [], false],
    );
    assert.equal(off.sources.afterInactivitySeconds, 'annotation');
    const byTemplate = policyOf({
      project,
      ...fromTemplate('sleep: {auto: {afterInactivity: "0", schedule: ""}}'),
    });
    assert.deepEqual([byTemplate.afterInactivitySeconds, byTemplate.sleepSchedule], [undefined, undefined]);
  });

  it('follows an annotation at once, and falls back on what is stored of the others', () => {
    const { instance } = resolved({
      annotations: sleep({ 'sleep-after': '60' }),
      project: sleep({ 'delete-after': '7200' }),
    });
    const changed = sleepPolicyOf({ ...instance, metadata: { name: 'a', annotations: {} } });
    assert.ok(changed !== undefined && 'policy' in changed);
    assert.deepEqual(
      [changed.policy.afterInactivitySeconds, changed.policy.deleteAfterSeconds],
      [undefined, 7200],
    );
    const locked = resolved(fromTemplate('sleep: {auto: {afterInactivity: 30m}}')).instance;
    const tried = sleepPolicyOf({
      ...locked,
      metadata: { name: 'a', annotations: sleep({ 'sleep-after': '1' }) },
    });
    assert.ok(tried !== undefined && 'policy' in tried);
    assert.equal(tried.policy.afterInactivitySeconds, 1800);
  });

  it('is of the version of the template that an instance follows, and stays if the template goes away', () => {
    const version = (name: string, values: string) => ({ version: name, template: definition(values) });
    const template = {
      versions: [
        version('1.0.0', 'sleep: {auto: {afterInactivity: 1h}}'),
        version('2.0.0', 'deletion: {auto: {afterInactivity: 720h}}'),
      ],
    };
    const spec = { templateRef: { name: 't', version: '1.x.x' } };
    const { instance, stored } = resolved({ spec, template });
    assert.equal(stored.afterInactivitySeconds, 3600);
    const later = resolvedPolicy('tenant', instance, { template: undefined, project: undefined });
    assert.deepEqual(later, stored);
    assert.equal(
      policyOf({ spec: { templateRef: { name: 't', version: 'x.x.x' } }, template }).deleteAfterSeconds,
      30 * 86_400,
    );
  });

  it('comes from the annotations that a template gives its instances, behind its values', () => {
    const metadata = (given: Record<string, string>) => ({ metadata: { annotations: sleep(given) } });
    const spec = { templateRef: { name: 't' } };
    const policy = policyOf({
      spec,
      template: {
        template: {
          ...definition('sleep: {auto: {afterInactivity: 10m}}'),
          ...metadata({ 'sleep-after': '1', 'delete-after': '2', timezone: 'UTC' }),
          instanceTemplate: metadata({ 'delete-after': '3' }),
        },
      },
    });
    assert.deepEqual([policy.afterInactivitySeconds, policy.deleteAfterSeconds], [600, 3]);
    assert.equal(policy.sources.timezone, 'template');
    const space: SpaceInstance = { metadata: { name: 's' }, spec };
    const ofSpace = resolvedPolicy('space', space, {
      template: { metadata: { name: 't' }, spec: { template: metadata({ 'sleep-after': '900' }) } },
      project: undefined,
    });
    assert.deepEqual(ofSpace, {
      afterInactivitySeconds: 900,
      sources: { afterInactivitySeconds: 'template' },
    });
  });
});

describe('values of a vcluster.yaml', () => {
  const cases: [values: string, expected: Record<string, unknown>][] = [
    [
      'sleep: {auto: {afterInactivity: 1h30m, schedule: "0 20 * * *", timezone: Europe/Berlin, wakeup: {schedule: "0 8 * * 1-5"}, exclude: {selector: {labels: {keep: "up"}}}}}',
      {
        afterInactivitySeconds: 5400,
        sleepSchedule: '0 20 * * *',
        timezone: 'Europe/Berlin',
        wakeupSchedule: '0 8 * * 1-5',
        excludeLabels: { keep: 'up' },
      },
    ],
    [
      'deletion: {prevent: true, auto: {afterInactivity: 48h}}',
      { preventDeletion: true, deleteAfterSeconds: 172_800 },
    ],
    [
      'sleepMode: {enabled: true, timeZone: UTC, autoSleep: {afterInactivity: 2h, schedule: "0 1 * * *"}, autoWakeup: {schedule: "0 2 * * *"}}',
      {
        timezone: 'UTC',
        afterInactivitySeconds: 7200,
        sleepSchedule: '0 1 * * *',
        wakeupSchedule: '0 2 * * *',
      },
    ],
    ['sleepMode: {enabled: false, autoSleep: {afterInactivity: 2h}}', {}],
    ['sleepMode: {autoSleep: {afterInactivity: 2h}}', {}],
    [
      'external: {platform: {autoSleep: {afterInactivity: 90, schedule: "@daily", timezone: "+02:00", autoWakeup: {schedule: "@hourly"}}, autoDelete: {afterInactivity: 3600}}}',
      {
        afterInactivitySeconds: 90,
        sleepSchedule: '@daily',
        timezone: '+02:00',
        wakeupSchedule: '@hourly',
        deleteAfterSeconds: 3600,
      },
    ],
    [
      'sleep: {auto: {afterInactivity: 5m}}\nsleepMode: {enabled: true, autoSleep: {afterInactivity: 2h, schedule: "@daily"}}',
      { afterInactivitySeconds: 300, sleepSchedule: '@daily' },
    ],
    ['sync: {toHost: {pods: {enabled: true}}}', {}],
    ['# sleep: {auto: {afterInactivity: 1h}}', {}],
    ['sleep: [', {}],
    ['sleep:\n  auto:\n    afterInactivity: "{{ .Values.after }}"', {}],
  ];
  for (const [values, expected] of cases)
    it(values.slice(0, 60), () => {
      const { sources: _, ...settings } = resolved(inline(values)).stored;
      assert.deepEqual(settings, expected);
    });

  it('that cannot be understood are a fault that names them, and nothing of the policy holds', () => {
    const wrong: [values: string, fault: RegExp][] = [
      [
        'sleep: {auto: {afterInactivity: 30}}',
        /^template t: values: sleep\.auto\.afterInactivity: 30 is not a duration: write "30m"/,
      ],
      ['sleep: {auto: {afterInactivity: 1d}}', /"1d" is not a duration/],
      [
        'deletion: {auto: {afterInactivity: soon}}',
        /deletion\.auto\.afterInactivity: "soon" is not a duration/,
      ],
      [
        'sleep: {auto: {schedule: at night}}',
        /sleep\.auto\.schedule: invalid cron expression "at night": five fields/,
      ],
      [
        'sleep: {auto: {wakeup: {schedule: 8}}}',
        /sleep\.auto\.wakeup\.schedule: 8 is not a text: put it in quotes/,
      ],
      ['sleep: {auto: {timezone: Mars/Olympus}}', /sleep\.auto\.timezone: unknown time zone "Mars\/Olympus"/],
      ['sleep: {auto: {exclude: {selector: {labels: [a]}}}}', /exclude\.selector\.labels: write labels/],
      ['deletion: {prevent: "true"}', /deletion\.prevent: "true" is neither true nor false/],
    ];
    for (const [values, fault] of wrong) {
      const given = {
        ...fromTemplate(values),
        annotations: sleep({ 'sleep-after': '60', 'delete-after': '60' }),
      };
      assert.match(faultOf(given), fault);
    }
    assert.match(
      faultOf({ project: sleep({ 'sleep-after': '30m' }) }),
      /^project demo: sleepmode\.loft\.sh\/sleep-after: "30m"/,
    );
    assert.match(faultOf(inline('sleep: {auto: {schedule: "x"}}')), /^values: sleep\.auto\.schedule/);
  });

  it('that another source decides may be wrong', () => {
    const policy = policyOf({
      ...fromTemplate('sleep: {auto: {afterInactivity: 30m}}'),
      project: sleep({ 'sleep-after': '30m' }),
    });
    assert.equal(policy.afterInactivitySeconds, 1800);
  });

  it('that are a Go template count as they were rendered, and are not quoted', () => {
    const values = 'sleep: {auto: {afterInactivity: "{{ .Values.after }}"}}';
    const rendered = (text: string) => ({
      ...fromTemplate(values),
      status: { renderedSleep: saidByRendered(text) as Record<string, unknown> },
    });
    assert.equal(
      policyOf(rendered('{"sleep":{"auto":{"afterInactivity":"45m"}}}')).afterInactivitySeconds,
      2700,
    );
    const fault = faultOf(rendered('{"sleep":{"auto":{"afterInactivity":"hunter2"}}}'));
    assert.equal(fault, 'template t: values: sleep.auto.afterInactivity: what is rendered is not understood');
    const unrendered = `${values}\ndeletion: {prevent: true, auto: {afterInactivity: 1h}}\n`;
    const { sources: _, ...held } = resolved(fromTemplate(unrendered)).stored;
    assert.deepEqual(held, { preventDeletion: true }, 'not rendered yet');
    const literal = fromTemplate('sleep: {auto: {afterInactivity: 1m}}');
    const status = { renderedSleep: { afterInactivitySeconds: { value: 1 } } };
    assert.equal(policyOf({ ...literal, status }).afterInactivitySeconds, 60);
  });
});

it('values without settings of sleep are what a chart gets', () => {
  const chart = { controlPlane: { statefulSet: { labels: { sleep: 'x' } } } };
  const platform = { autoSleep: { afterInactivity: 60 }, autoDelete: {} };
  assert.deepEqual(
    withoutSleepValues({
      ...chart,
      sleep: { auto: {} },
      sleepMode: {},
      deletion: { prevent: true },
      external: { platform },
    }),
    chart,
  );
  const kept = { ...chart, external: { other: 1, platform: { apiKey: 'x' } } };
  assert.deepEqual(
    withoutSleepValues({ ...kept, external: { other: 1, platform: { ...platform, apiKey: 'x' } } }),
    kept,
  );
  for (const external of [undefined, null, 'x', [1], { platform: null }])
    assert.deepEqual(withoutSleepValues({ external }), { external });
});

it('what is written into a Go template is read for what it says already', () => {
  const written = (values: string) => writtenInDefinition(definition(values));
  assert.deepEqual(
    written(
      '{{ if .Values.a }}\nsleep:\n  auto:\n    schedule: x\n    timezone: {{ .Values.zone }}\n{{ end }}',
    ),
    { sleepSchedule: written('sleep: {auto: {schedule: x}}').sleepSchedule },
  );
  assert.match(JSON.stringify(written('sleep: {auto: {schedule: x}}')), /invalid cron/);
  assert.deepEqual(written('deletion:\n  prevent: {{ .Values.keep }}\n'), {});
});

describe('what prevents deletion', () => {
  it('is any of them but the project', () => {
    const marked = { 'loft.sh/non-deletable': 'true' };
    assert.equal(policyOf({ labels: marked }).preventDeletion, true);
    assert.equal(policyOf({ annotations: marked }).sources.preventDeletion, 'annotation');
    const both = { ...fromTemplate('deletion: {prevent: false}'), labels: marked };
    assert.deepEqual(
      [policyOf(both).preventDeletion, policyOf(both).sources.preventDeletion],
      [true, 'annotation'],
    );
    assert.equal(policyOf(fromTemplate('deletion: {prevent: true}')).sources.preventDeletion, 'template');
    assert.equal(resolved({ project: marked }).found, undefined);
    assert.equal(resolved({ labels: { 'loft.sh/non-deletable': 'false' } }).found, undefined);
  });

  it('of what an instance is made of is read as Helm reads it', () => {
    const isPrevented = (values: string) =>
      isDeletionPrevented(
        'tenant',
        { metadata: { name: 'a' }, spec: { template: definition(values) } },
        undefined,
      );
    for (const values of [
      'deletion: {prevent: true}',
      'deletion:\n  prevent: yes',
      '{{ if .Values.a }}\ndeletion:\n  prevent: true\n{{ end }}',
    ])
      assert.equal(isPrevented(values), true, values);
    for (const values of [
      '',
      'deletion: {prevent: "true"}',
      'deletion: {prevent: false}',
      'deletion: [',
      'prevent: true',
    ])
      assert.equal(isPrevented(values), false, values);
  });
});

describe('rules of what is not activity', () => {
  it('are read as vCluster Platform writes them', () => {
    const { ignore, ignoreActiveConnections } = policyOf({
      annotations: sleep({
        'ignore-active-connections': 'true',
        'ignore-vclusters': 'true',
        'ignore-groups': 'ci, system:serviceaccounts ',
        'ignore-verbs': 'list,watch',
        'ignore-resources': 'pods, deployments.apps',
        'ignore-resource-verbs': 'pods.core=get list, leases.coordination.k8s.io=update',
        'ignore-resource-names': 'configmaps=a b',
        'ignore-user-agents': 'argocd,k9s/*',
      }),
    });
    assert.equal(ignoreActiveConnections, true);
    assert.deepEqual(ignore, {
      all: false,
      groups: ['ci', 'system:serviceaccounts'],
      verbs: ['list', 'watch'],
      resources: [
        { resource: 'pods', group: '' },
        { resource: 'deployments', group: 'apps' },
      ],
      resourceVerbs: [
        { resource: 'pods', group: '', verbs: ['get', 'list'] },
        { resource: 'leases', group: 'coordination.k8s.io', verbs: ['update'] },
      ],
      resourceNames: [{ resource: 'configmaps', group: '', names: ['a', 'b'] }],
      userAgents: ['argocd', 'k9s/*'],
    });
  });

  const faults: [IgnoreList, string, RegExp][] = [
    ['ignoreVerbs', 'list,Watch', /"Watch" is not a verb: get, list/],
    ['ignoreVerbs', 'list,,get', /an entry is empty/],
    ['ignoreResources', 'pods/log', /"pods\/log" is not a resource: write "pods" or "deployments\.apps"/],
    ['ignoreResourceVerbs', 'pods', /"pods": write it like "pods=get list"/],
    ['ignoreResourceVerbs', 'pods=get read', /"read" is not a verb/],
    ['ignoreResourceNames', 'pods=', /write it like "configmaps=a b"/],
    ['ignoreResourceNames', 'a=b=c', /write it like/],
    ['ignoreUserAgents', 'k9s*/x', /"\*" may only stand at the end/],
    ['ignoreGroups', 'x'.repeat(5000), /longer than 4096 characters/],
  ];
  for (const [list, text, fault] of faults)
    it(`${list}: ${text.slice(0, 30)}`, () => assert.match(ignoreListFault(list, text) ?? '', fault));
});

it('durations are read as Go reads them', () => {
  const known: [string, number | undefined][] = [
    ['30m', 1800],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['90s', 90],
    ['1ms', 1],
    ['1µs', 1],
    ['.5h', 1800],
    ['0', 0],
    ['0s', 0],
    ['2h45m30.5s', 9931],
    ['1d', undefined],
    ['30', undefined],
    ['', undefined],
    ['m', undefined],
    ['-5m', undefined],
    ['5 m', undefined],
    ['1h 30m', undefined],
  ];
  for (const [text, seconds] of known) assert.equal(secondsOfDuration(text), seconds, text);
});

it('the patch of a stored policy removes what is not said any more', () => {
  const stored = resolved({ annotations: sleep({ 'sleep-after': '60', timezone: 'UTC' }) }).stored;
  const wanted = resolved({ annotations: sleep({ timezone: 'Europe/Paris' }) }).stored;
  assert.deepEqual(mergePatch(stored, wanted), {
    afterInactivitySeconds: null,
    timezone: 'Europe/Paris',
    sources: { afterInactivitySeconds: null },
  });
  assert.deepEqual(mergePatch(stored, stored), {});
});

it('clients of vCluster Platform are shown the policy that holds, whatever it comes from', () => {
  const { instance } = resolved({
    ...fromTemplate('sleep: {auto: {afterInactivity: 30m, wakeup: {schedule: "0 8 * * *"}}}'),
    annotations: sleep({ 'sleep-after': '1', 'delete-after': '3600', 'ignore-verbs': 'list' }),
    project: sleep({
      'ignore-active-connections': 'true',
      timezone: 'Europe/Berlin',
      'sleep-schedule': '0 20 * * *',
    }),
  });
  assert.deepEqual(sleepModeConfigOf(instance, new Date('2026-03-02T12:00:00Z')).spec, {
    sleepAfter: 1800,
    deleteAfter: 3600,
    sleepSchedule: '0 20 * * *',
    wakeupSchedule: '0 8 * * *',
    timezone: 'Europe/Berlin',
    ignoreActiveConnections: true,
    ignoreVerbs: 'list',
  });
});
