import assert from 'node:assert/strict';
import type { Way } from '../way.ts';
import { management, type World } from '../world.ts';

const apiVersion = 'management.loft.sh/v1';
const template = 'takes-a-text';
/** Templates of an administrator, as authors write them: in quotes, in a list, as a word, in braces. */
const values = `
apiServer:
  extraArgs: { v: {{ .Values.level }} }
pod:
  annotations:
    note: "{{ .Values.note }}"
    owner: {{ .Values.loft.user.displayName }}
`;
const texts: Record<string, string> = {
  'a new flag of the API server': 'level: "3, audit-log-path: /tmp/charts-canary"',
  'a flag by a mapping': 'level: "{ audit-log-path: /tmp/charts-canary }"',
  'a flag on a line of its own': 'level: "3\\n    audit-log-path: /tmp/charts-canary"',
  'nothing in place of a text': 'level: "null"',
  'the end of the quotes': `note: 'x", other: "y'`,
  'an escape of the quotes': `note: 'x\\'`,
};
/** Inline templates: what of a chart only an administrator's template may set. */
const inline: Record<string, string> = {
  'a file of the machine': 'apiServer: { extraArgs: { audit-log-path: /tmp/charts-canary } }',
  'the way out': 'apiServer: { egress: { cluster: Direct } }',
  'an order to Helm': 'service: { annotations: { "helm.sh/resource-policy": keep } }',
};

async function makeTemplate(world: World): Promise<void> {
  const parameters = [
    { variable: 'level', defaultValue: '2' },
    { variable: 'note', defaultValue: 'none' },
  ];
  const answer = await world.call('admin', 'POST', `${management}/virtualclustertemplates`, {
    apiVersion,
    kind: 'VirtualClusterTemplate',
    metadata: { name: template },
    spec: { parameters, template: { helmRelease: { values } } },
  });
  assert.ok([201, 409].includes(answer.status), answer.text);
}

/** Ria administers red, and tries on a tenant cluster of her own, which is gone before its namespace has anything in it. */
function creates(tries: string, spec: object, says: RegExp): Way {
  const path = `${management}/namespaces/p-red/virtualclusterinstances`;
  const name = 'tried';
  return {
    who: 'ria',
    tries,
    request: `POST ${path}`,
    sees: 409,
    says,
    verb: 'tenant:create',
    attack: async (world) => {
      await makeTemplate(world);
      const answer = await world.call('ria', 'POST', path, {
        apiVersion,
        kind: 'VirtualClusterInstance',
        metadata: { name },
        spec,
      });
      if (answer.status !== 201) return answer;
      const operation = await world.settled('tenant', 'red', name);
      await world.call('admin', 'DELETE', `${path}/${name}`);
      await world.settled('tenant', 'red', name);
      return operation;
    },
  };
}

/** What a chart is given by people must be data, and what it makes must be the tenant cluster's own. */
export const chartWays: readonly Way[] = [
  ...Object.entries(texts).map(([what, parameters]) =>
    creates(
      `writes ${what} into a text of an administrator's template`,
      { templateRef: { name: template }, parameters },
      /Parameter \\"(level|note)\\" (holds signs|must be one line)/,
    ),
  ),
  ...Object.entries(inline).map(([what, chartValues]) =>
    creates(
      `sets ${what} in a template of her own`,
      { template: { helmRelease: { values: chartValues } } },
      /needs a template made by an administrator/,
    ),
  ),
];
