import assert from 'node:assert/strict';
import type { Way } from '../way.ts';
import { eventually } from '../../support/eventually.ts';
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

/** A project that ria administers and that lets its members write templates of their own. */
async function makeOpenProject(world: World): Promise<void> {
  const clusterRole = 'loft-management-project-admin';
  const answer = await world.call('admin', 'POST', `${management}/projects`, {
    apiVersion,
    kind: 'Project',
    metadata: { name: 'open' },
    spec: {
      allowedClusters: [{ name: '*' }],
      requireTemplate: { disabled: true },
      members: [{ kind: 'User', name: 'ria', clusterRole }],
    },
  });
  assert.ok([201, 409].includes(answer.status), answer.text);
  await eventually('ria administers it', async () => {
    const { status } = await world.call(
      'ria',
      'GET',
      `${management}/namespaces/p-open/virtualclusterinstances`,
    );
    return status === 200;
  });
}

interface Attempt {
  readonly project: 'red' | 'open';
  readonly name: string;
  readonly tries: string;
  readonly spec: object;
  readonly says: RegExp;
}

/** Ria tries on a tenant cluster of her own, which is never made. */
function creates({ project, name, tries, spec, says }: Attempt): Way {
  const path = `${management}/namespaces/p-${project}/virtualclusterinstances`;
  return {
    who: 'ria',
    tries,
    request: `POST ${path}`,
    // Refused when it is written, or if only rendering shows it, by its operation.
    sees: [409, 422],
    says,
    verb: 'tenant:create',
    attack: async (world) => {
      await (project === 'red' ? makeTemplate(world) : makeOpenProject(world));
      const answer = await world.call('ria', 'POST', path, {
        apiVersion,
        kind: 'VirtualClusterInstance',
        metadata: { name },
        spec,
      });
      return answer.status === 201 ? world.settled('tenant', project, name) : answer;
    },
  };
}

/** What a chart is given by people must be data, and what it makes must be the tenant cluster's own. */
export const chartWays: readonly Way[] = [
  ...Object.entries(texts).map(([what, parameters], index) =>
    creates({
      project: 'red',
      name: `text-${index}`,
      tries: `writes ${what} into a text of an administrator's template`,
      spec: { templateRef: { name: template }, parameters },
      says: /parameter \\"(level|note)\\" (has characters that|must be one line)/,
    }),
  ),
  ...Object.entries(inline).map(([what, chartValues], index) =>
    creates({
      project: 'open',
      name: `inline-${index}`,
      tries: `sets ${what} in a template of her own`,
      spec: { template: { helmRelease: { values: chartValues } } },
      says: /needs a template made by an administrator/,
    }),
  ),
];
