import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createHelm, type Helm } from '../../../adapters/helm/helm.ts';
import { renderValues } from '../../../adapters/helm/render-values.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { findProgram } from '../../../toolchain/find-program.ts';

let dir: string;
let helm: Helm;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'vcp-render-'));
  helm = createHelm({ binary: findProgram('helm'), workDir: dir });
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function rendered(values: string, parameters: Record<string, unknown>): Promise<unknown> {
  const loft = {
    name: 'dev',
    project: 'p',
    cluster: 'local',
    space: 's',
    virtualClusterName: 'dev',
    virtualClusterNamespace: 's',
    clusterAnnotations: {},
  };
  const request = { values, context: { ...parameters, loft }, texts: Object.keys(parameters) };
  return JSON.parse(await renderValues({ helm, workDir: dir }, request));
}

/** Each tries to be more than one text, where the template writes `extraArgs: { v: … }` and the like. */
const attacks: [template: string, x: string][] = [
  ['apiServer:\n  extraArgs:\n    v: {{ .Values.x }}\n', '3\n    audit-log-path: /tmp/x'],
  ['apiServer:\n  extraArgs:\n    v: {{ .Values.x }}\n', '{ audit-log-path: /tmp/x }'],
  ['apiServer:\n  extraArgs:\n    v: {{ .Values.x }}\n', '[1, 2]'],
  ['apiServer:\n  extraArgs:\n    v: {{ .Values.x }}\n', '&a 3'.replace('3', '{ b: 1 }')],
  ['apiServer:\n  extraArgs:\n    v: {{ .Values.x }}\n', 'null'],
  ['apiServer:\n  extraArgs:\n    v: {{ .Values.x }}\n', '~'],
  ['apiServer:\n  extraArgs:\n    v: {{ .Values.x }}\n', '# nothing'],
  ['apiServer: { extraArgs: { v: {{ .Values.x }} } }', '3, audit-log-path: /tmp/x'],
  ['apiServer: { extraArgs: { v: {{ .Values.x }} } }', '3, profiling'],
  ['apiServer: { extraArgs: { v: "{{ .Values.x }}" } }', '3", audit-log-path: "/tmp/x'],
  ["apiServer: { extraArgs: { v: '{{ .Values.x }}' } }", "3', audit-log-path: '/tmp/x"],
  ['apiServer: { extraArgs: { v: "{{ .Values.x }}", w: "a" } }', '3\\'],
  ['args: [--a={{ .Values.x }}, --b]', '1, --c'],
  ['args:\n  - {{ .Values.x }}\n', 'a\n  - b'],
  ['args:\n  - {{ .Values.x }}\n', '- b'],
  ['args:\n  - {{ .Values.x }}\n', 'a: b'],
  ['args:\n  - {{ .Values.x }}\n', '? a'],
  ['{{ .Values.x }}: true', 'a: { b: c }, d'],
  ['pod:\n{{ .Values.x | indent 2 }}\n', 'a: b'],
  ['pod: {{ .Values.x | fromYaml | toJson }}\n', 'a: b'],
  ['pod: {{ .Values.x | fromJson | toJson }}\n', '{"a": "b"}'],
  ['pod:\n{{ .Values.x | b64dec | indent 2 }}\n', Buffer.from('a: b\nc: d\n').toString('base64')],
  ['{{ $x := .Values.x }}pod:\n{{ $x | b64dec | indent 2 }}\n', Buffer.from('a: b').toString('base64')],
  ['pod:\n  a: |\n{{ .Values.x }}\n', '    a\n  b: c'],
  // A manifest that is a text in the values.
  ['manifests: |\n  kind: Secret\n  type: {{ .Values.x }}\n', '{ a: b }'],
  ['manifests: |\n  kind: Secret\n  type: {{ .Values.x | nindent 2 | trim }}\n', 'a\ndata: {}'],
  ['manifests: |\n  kind: Secret\n  type: "{{ .Values.x }}"\n', '{{ lookup }}'],
];

for (const [template, x] of attacks) {
  test(`${JSON.stringify(x)} stays a text, or is refused, in ${JSON.stringify(template)}`, async () => {
    await assert.rejects(rendered(template, { other: 'b', x }), (error) => {
      assert.ok(error instanceof PlatformError);
      assert.equal(error.code, 'invalid_parameters', error.message);
      assert.match(error.message, /^parameter "x" has characters/);
      return true;
    });
  });
}

/** What template authors do. */
const uses: [template: string, x: string, expected: unknown][] = [
  ['a: {{ .Values.x }}', 'plain-text_1.2/3@x', { a: 'plain-text_1.2/3@x' }],
  ['a: {{ .Values.x }}', 'https://host:80/path?a=b', { a: 'https://host:80/path?a=b' }],
  ['a: {{ .Values.x }}', 'two words', { a: 'two words' }],
  ['a: {{ .Values.x }}', 'Smith, Anna', { a: 'Smith, Anna' }],
  ['a: {{ .Values.x }}', '3', { a: 3 }],
  ['a: {{ .Values.x | quote }}', 'a: "b" # {c}, [d]', { a: 'a: "b" # {c}, [d]' }],
  ['a: {{ .Values.x | toJson }}', 'null', { a: 'null' }],
  ['a: {{ .Values.x | toYaml }}', "it's: {x}", { a: "it's: {x}" }],
  ['a: "{{ .Values.x }}"', 'note: this', { a: 'note: this' }],
  ['a: |\n  {{ .Values.x | nindent 2 | trim }}\n', 'one\ntwo: 2\n- 3', { a: 'one\ntwo: 2\n- 3\n' }],
  ['{{ if eq .Values.x "prod" }}a: { b: c }{{ else }}a: d{{ end }}', 'prod', { a: { b: 'c' } }],
  ['{{ if .Values.x }}a: {{ .Values.x }}{{ end }}', '', {}],
  ['a: {{ .Values.x | splitList "," | toJson }}', 'b,c,d', { a: ['b', 'c', 'd'] }],
  ['a:\n{{- range splitList "," .Values.x }}\n  - {{ . | trim }}\n{{- end }}', 'b, c', { a: ['b', 'c'] }],
  ['a:\n{{- range splitList "\\n" .Values.x }}\n  - {{ . }}\n{{- end }}', 'b\nc', { a: ['b', 'c'] }],
  [
    'manifests: |\n  kind: Secret\n  type: {{ .Values.x | quote }}\n',
    'a, b',
    { manifests: 'kind: Secret\ntype: "a, b"\n' },
  ],
  ['{{ .Values.x }}: true', 'label', { label: true }],
  ['a: {{ .Values.x | b64enc }}', 'a: b', { a: 'YTogYg==' }],
];

for (const [template, x, expected] of uses) {
  test(`${JSON.stringify(x)} may stand in ${JSON.stringify(template)}`, async () =>
    assert.deepEqual(await rendered(template, { x }), expected));
}

test('whole numbers are whole in a template', async () => {
  const template =
    'a: "{{ .Values.x }}"\n{{ if gt .Values.y.z 1 }}b: "{{ .Values.y.z }}"{{ end }}\nc: "{{ .Values.f }}"\nd: "{{ .Values.t }}"\n';
  const parameters = { x: 16_777_216, y: { z: 1_000_000 }, f: 1.5, t: '1.30' };
  assert.deepEqual(await rendered(template, parameters), {
    a: '16777216',
    b: '1000000',
    c: '1.5',
    d: '1.30',
  });
});

test('a template that fails by itself is not blamed on a parameter', async () => {
  await assert.rejects(rendered('a: [{{ .Values.x | quote }}', { x: 'a: b' }), /not valid YAML/);
  await assert.rejects(rendered('a: {{ fail "size" }}', { x: 'a: b' }), /size/);
});
