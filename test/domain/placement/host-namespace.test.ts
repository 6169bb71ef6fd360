import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostNamespaceOf, isReservedNamespace } from '../../../domain/placement/host-namespace.ts';

interface Named {
  readonly project: string;
  readonly name: string;
}
const tenantNamespace = (of: Named, pattern: string | undefined) =>
  hostNamespaceOf({ kind: 'tenant', ...of }, pattern);
const spaceNamespace = (of: Named, pattern: string | undefined) =>
  hostNamespaceOf({ kind: 'space', ...of }, pattern);

const both = '{{ .Values.loft.project }}-{{ .Values.loft.name }}';

test('a host namespace follows the pattern, or the default', () => {
  const tenant = { project: 'team', name: 'dev' };
  assert.equal(tenantNamespace(tenant, undefined), 'loft-team-v-dev');
  assert.equal(tenantNamespace(tenant, ''), 'loft-team-v-dev');
  assert.equal(spaceNamespace(tenant, undefined), 'loft-team-s-dev');
  const pattern = 'x-{{- .Values.loft.virtualClusterName -}}-of-{{.Values.loft.project}}';
  assert.equal(tenantNamespace(tenant, pattern), 'x-dev-of-team');
  assert.equal(spaceNamespace(tenant, 's-{{ .Values.loft.space }}'), 's-dev');
  assert.equal(tenantNamespace(tenant, both), 'team-dev');
  for (const unknown of ['{{ .Values.loft.owner }}', '{{ .Values.loft.space }}', '{{ .Release.Name }}'])
    assert.throws(() => tenantNamespace(tenant, unknown), { code: 'invalid_request' });
});

test('names that join to the same namespace get a hash', () => {
  const pairs: [pattern: string | undefined, ...subjects: [project: string, name: string][]][] = [
    [undefined, ['a', 'b-v-c'], ['a-v-b', 'c']],
    [undefined, ['a', 'v-b'], ['a-v', 'b']],
    [undefined, ['a', 'b-v-c-v-d'], ['a-v-b', 'c-v-d'], ['a-v-b-v-c', 'd']],
    [both, ['a', 'b-c'], ['a-b', 'c']],
    ['{{ .Values.loft.project }}{{ .Values.loft.name }}', ['a', 'bc'], ['ab', 'c']],
    ['{{ .Values.loft.name }}-x-{{ .Values.loft.project }}', ['a', 'b-x-c'], ['c-x-a', 'b']],
  ];
  for (const [pattern, ...subjects] of pairs) {
    const names = subjects.map(([project, name]) => tenantNamespace({ project, name }, pattern));
    assert.equal(new Set(names).size, subjects.length, names.join(' '));
    for (const name of names) assert.match(name, /^[-a-z0-9]+-[0-9a-f]{8}$/);
  }
  const spaces = [
    { project: 'a', name: 'b-s-c' },
    { project: 'a-s-b', name: 'c' },
  ].map((subject) => spaceNamespace(subject, undefined));
  assert.notEqual(spaces[0], spaces[1]);
});

test('a tenant cluster and a space never share a namespace, nor do two of a kind', () => {
  const spaceOfA = spaceNamespace({ project: 'a', name: 'b-v-c' }, undefined);
  assert.notEqual(spaceOfA, tenantNamespace({ project: 'a-s-b', name: 'c' }, undefined));
  const like = 'loft-{{ .Values.loft.name }}-s-{{ .Values.loft.project }}';
  assert.notEqual(
    tenantNamespace({ project: 'b', name: 'a' }, like),
    spaceNamespace({ project: 'a', name: 'b' }, undefined),
  );
  const words = ['a', 'v', 's', 'v-v', 'a-v', 's-a', 'a-v-b', 'a-s-b', '1', 'v--a', 'a-v-b-s-c'];
  const names = new Set([...words, ...words.flatMap((one) => words.map((other) => `${one}-${other}`))]);
  const seen = new Map<string, string>();
  for (const namespaceOf of [tenantNamespace, spaceNamespace])
    for (const project of names)
      for (const name of names) {
        const namespace = namespaceOf({ project, name }, undefined);
        const pair = `${namespaceOf.name} ${project} ${name}`;
        assert.equal(seen.get(namespace), undefined, `${namespace}: ${pair} and ${seen.get(namespace)}`);
        seen.set(namespace, pair);
      }
});

test('namespaces of Kubernetes and of the platform are refused', () => {
  for (const reserved of [
    'default',
    'kube-system',
    'kube-public',
    'kube-node-lease',
    'vcluster-platform',
    'vcluster-platform-passwords',
  ]) {
    assert.ok(isReservedNamespace(reserved), reserved);
    assert.throws(() => tenantNamespace({ project: 'p', name: reserved }, '{{ .Values.loft.name }}'), {
      code: 'invalid_request',
    });
  }
  for (const free of ['kube', 'defaults', 'loft-default-v-a', 'vcluster-platforms'])
    assert.equal(isReservedNamespace(free), false, free);
});
