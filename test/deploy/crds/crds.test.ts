import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../../adapters/kubernetes/request.ts';
import { type ResourcePlural, resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import { kindNames } from '../../../contracts/kinds.ts';
import { structuralSchema } from '../../../deploy/crds/structural-schema.ts';
import { manifestsOf } from '../../support/guides.ts';
import { generatedFiles } from '../../../deploy/crds/generate.ts';
import {
  applyProjectNamespace,
  startManagementApi,
  type TestManagementApi,
} from '../../support/management-api.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'deploy', 'crds');
const hash = 'a'.repeat(64);

it('the committed CRDs are the generated ones (npm run generate)', () => {
  const expected = generatedFiles();
  const committed = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  assert.deepEqual(committed.toSorted(), [...expected.keys()].toSorted());
  for (const [file, text] of expected) assert.equal(readFileSync(join(folder, file), 'utf8'), text, file);
});

it('the status of a managed kind names the verbs of that kind', () => {
  for (const { plural, verbs } of Object.values(kindNames)) {
    const { properties: root } = structuralSchema(resourceKinds[plural].schema) as Node;
    const status = root?.['status']?.properties;
    for (const field of ['nextAttempt', 'lastOperation'])
      assert.deepEqual(status?.[field]?.properties?.['type']?.enum, verbs, `${field} of ${plural}`);
  }
});

interface Node {
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
}

describe('the custom resources on a real API server', () => {
  let api: TestManagementApi;
  let sequence = 0;
  before(async () => {
    api = await startManagementApi();
    await applyProjectNamespace(api.admin, 'demo');
  });
  after(() => api.stop());

  const create = (plural: ResourcePlural, spec: object, name = `n${++sequence}`, namespace = 'p-demo') => {
    const { kind, namespaced } = resourceKinds[plural];
    return requestJson(api.admin.kubeConfig, {
      method: 'POST',
      path: `/apis/management.loft.sh/v1${namespaced ? `/namespaces/${namespace}` : ''}/${plural}?fieldValidation=Strict`,
      body: { apiVersion: 'management.loft.sh/v1', kind, metadata: { name }, spec },
    }) as Promise<{ metadata: { name: string }; spec: Record<string, unknown>; status?: object }>;
  };
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'accepted',
      (error: unknown) => apiMessage(error),
    );

  const refusals: [title: string, plural: ResourcePlural, spec: object, message: RegExp, name?: string][] = [
    [
      'template and templateRef',
      'virtualclusterinstances',
      { template: {}, templateRef: { name: 't' } },
      /either template or templateRef/,
    ],
    [
      'an instance owned by user and team',
      'virtualclusterinstances',
      { owner: { user: 'a', team: 'b' } },
      /exactly one of user and team/,
    ],
    ['an instance with a name of 49 characters', 'virtualclusterinstances', {}, /at most 48/, 'a'.repeat(49)],
    ['an instance whose name is not a DNS label', 'virtualclusterinstances', {}, /lower-case letters/, 'a.b'],
    ['a project whose name is too long', 'projects', {}, /at most 54/, 'p'.repeat(55)],
    [
      'a project that allows more templates than its namespace can say',
      'projects',
      { allowedTemplates: Array.from({ length: 501 }, (_, index) => ({ name: `t-${index}` })) },
      /allowedTemplates: Too many: 501: must have at most 500 items/,
    ],
    ['a cluster without a mode', 'clusters', {}, /exactly one of config/],
    ['a cluster with two modes', 'clusters', { local: true, networkPeer: true }, /exactly one of config/],
    [
      'a template version that is none',
      'virtualclustertemplates',
      { versions: [{ version: 'one' }] },
      /should match/,
    ],
    ['a user with a reserved subject', 'users', { subject: 'system:admin' }, /reserved/],
    ['a user with a reserved group', 'users', { groups: ['system:masters'] }, /reserved/],
    ['a user with a group of another user', 'users', { groups: ['loft:user:admin'] }, /reserved/],
    ['a user with a reserved group from elsewhere', 'users', { ssoGroups: ['loft:team:admins'] }, /reserved/],
    ['a key without hash', 'accesskeys', { user: 'a' }, /keyHash is missing/],
    ['a key whose hash is none', 'accesskeys', { user: 'a', keyHash: 'A'.repeat(64) }, /should match/],
    ['a key of a user and a team', 'accesskeys', { user: 'a', team: 'b', keyHash: hash }, /not to both/],
    [
      'a key with a negative ttl',
      'accesskeys',
      { user: 'a', keyHash: hash, ttl: -1 },
      /greater than or equal to 0/,
    ],
  ];
  for (const [title, plural, spec, message, name] of refusals) {
    it(`refuses ${title}`, async () => {
      assert.match(await refusal(create(plural, spec, name)), message);
    });
  }

  it('takes every manifest of the guides, with its fields as they are written', async () => {
    const guides = readdirSync(join(import.meta.dirname, '../../../docs/guides'));
    const manifests = guides.flatMap((file) => manifestsOf(file.replace(/\.md$/, '')));
    assert.ok(manifests.length >= 4);
    for (const manifest of manifests) {
      const [plural] = Object.entries(resourceKinds).find(([, { kind }]) => kind === manifest.kind) ?? [];
      const { namespace } = manifest.metadata;
      if (namespace !== undefined) await applyProjectNamespace(api.admin, namespace.slice('p-'.length));
      const stored = (await requestJson(api.admin.kubeConfig, {
        method: 'POST',
        path: `/apis/management.loft.sh/v1${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}?dryRun=All&fieldValidation=Strict`,
        body: manifest,
      })) as { spec: object };
      assert.deepEqual({ ...stored.spec, ...manifest.spec }, stored.spec);
    }
  });

  it('lets clusterRef be set once, field by field, and never changed', async () => {
    const { metadata } = await create('virtualclusterinstances', {});
    const patch = (clusterRef: object | null) =>
      api.resources.virtualclusterinstances.patch(
        { ...metadata, namespace: 'p-demo' },
        { spec: { clusterRef } },
      );
    await patch({ cluster: 'east' });
    await patch({ cluster: 'east', namespace: `loft-demo-v-${metadata.name}` });
    assert.match(await refusal(patch({ cluster: 'west' })), /clusterRef\.cluster cannot change/);
    assert.match(await refusal(patch({ namespace: 'other' })), /clusterRef\.namespace cannot change/);
    assert.match(await refusal(patch(null)), /cannot change once it is set/);
  });

  it('never lets the hash or the owner of an access key change', async () => {
    const { metadata } = await create('accesskeys', { user: 'anna', keyHash: hash });
    const patch = (spec: object) => refusal(api.resources.accesskeys.patch(metadata, { spec }));
    assert.match(await patch({ keyHash: 'b'.repeat(64) }), /keyHash cannot change/);
    assert.match(
      await patch({ key: 'another' }),
      /kept as keyHash only and cannot change: leave spec.key out/,
    );
    assert.match(await patch({ user: 'bob' }), /owner of an access key cannot change/);
    assert.equal(await patch({ disabled: true }), 'accepted');
  });

  it('keeps every field of a vCluster Platform export, known or not', async () => {
    const spec = {
      displayName: 'Web',
      clusterRef: {},
      templateRef: { name: 't', version: '1.x.x', syncOnce: true },
      parameters: 'a: 1\n',
      extraAccessRules: [{ users: ['u'], clusterRole: 'view' }],
      access: [{ verbs: ['*'], subresources: ['*'], users: ['*'] }],
      workloadVirtualClusterTemplateDefinition: { metadata: {}, workload: { deep: [{ er: 1 }] } },
    };
    const stored = await create('virtualclusterinstances', spec);
    assert.deepEqual(stored.spec, spec);
    const project = {
      quotas: { project: { 'virtualclusterinstances.active': '3' }, user: {} },
      allowedTemplates: [
        { kind: 'VirtualClusterTemplate', group: 'storage.loft.sh', name: '*', isDefault: true },
      ],
      vault: { enabled: true, auth: { tokenSecretRef: { name: 'v', key: 'k' } } },
      argoCD: { enabled: false, project: { metadata: {} } },
    };
    assert.deepEqual((await create('projects', project)).spec, project);
    const cluster = { config: {}, local: true, metrics: { storage: { size: '60Gi' } } };
    assert.deepEqual((await create('clusters', cluster)).spec, cluster);
  });

  it('has a status subresource that a change of the resource does not touch', async () => {
    const { metadata } = await create('virtualclusterinstances', {});
    const name = { ...metadata, namespace: 'p-demo' };
    const patched = await api.resources.virtualclusterinstances.patch(name, { status: { phase: 'Ready' } });
    assert.equal(patched.status?.phase, undefined);
    const reported = await api.resources.virtualclusterinstances.patchStatus(name, { phase: 'Ready' });
    assert.equal(reported.status?.phase, 'Ready');
    assert.equal(reported.metadata.generation, patched.metadata.generation);
  });

  it('says of a new object that nobody has looked at it, so that kstatus does not take it for ready', async () => {
    for (const plural of ['projects', 'virtualclusterinstances', 'teams'] as const) {
      const { status } = await create(plural, {});
      assert.deepEqual(status, { observedGeneration: -1 }, plural);
    }
  });

  it('shows status, cluster, version and age of instances in a table', async () => {
    const table = (await requestJson(api.admin.kubeConfig, {
      path: '/apis/management.loft.sh/v1/virtualclusterinstances',
      accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
    })) as { columnDefinitions: { name: string; priority: number }[] };
    const shown = table.columnDefinitions.filter(({ priority }) => priority === 0).map(({ name }) => name);
    assert.deepEqual(shown, ['Name', 'Status', 'Cluster', 'Version', 'Age']);
  });
});
