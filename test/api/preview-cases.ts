import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.ts';
import type { AccessFixture } from './access-fixture.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1';
const typed = 'typed-canary-77ab';
const byDefault = 'default-canary-77ab';

interface Spec {
  readonly values?: string;
  readonly templateRef?: object;
  readonly parameters?: string;
  readonly loft?: object;
}

/** Mia is a member of alpha, team ops (tom) sees alpha and administers beta, carl is a member of nothing. */
export function previewCases(fixture: () => AccessFixture): void {
  const call = (user: string, spec: Spec) =>
    fixture().call(user, 'POST', `${base}/rendervirtualclustertemplates`, { spec });
  const preview = async (user: string, spec: Spec): Promise<unknown> => {
    const answer = await call(user, spec);
    assert.equal(answer.status, 201, answer.text);
    assert.ok(!answer.text.includes('canary-77ab'), answer.text);
    return parse((answer.json() as { status: { values: string } }).status.values);
  };
  const refused = async (user: string, spec: Spec, status: number, says: RegExp) => {
    const answer = await call(user, spec);
    assert.deepEqual([answer.status, says.test(answer.text)], [status, true], answer.text);
    assert.ok(!answer.text.includes('canary-77ab'), answer.text);
  };
  const alpha = { loft: { project: 'alpha', name: 'dev', user: 'mia' } };
  const seen = { ...alpha, templateRef: { name: 'seen', version: '1.x' } };

  before(async () => {
    const { projects, users, virtualclustertemplates } = fixture().resources;
    const parameters = [
      { variable: 'size', validation: '^[1-9][0-9]*Gi$', defaultValue: '1Gi' },
      { variable: 'token', type: 'password', defaultValue: byDefault },
    ] as const;
    const values = [
      'size: {{ .Values.size | quote }}',
      'token: {{ .Values.token | quote }}',
      'of: "{{ .Values.loft.user.displayName }} in {{ .Values.loft.space }}"',
    ].join('\n');
    const helmRelease = { values };
    const versions = [
      { version: '1.0.0', template: {} },
      { version: '1.1.0', parameters: [...parameters], template: { helmRelease } },
    ];
    await virtualclustertemplates.create({ metadata: { name: 'seen' }, spec: { versions } });
    await virtualclustertemplates.create({ metadata: { name: 'unseen' }, spec: { template: {} } });
    await users.patch({ name: 'mia' }, { spec: { displayName: 'Mia M' } });
    await projects.patch(
      { name: 'alpha' },
      { spec: { allowedTemplates: [{ name: 'seen' }, { name: 'gone' }] } },
    );
    await eventually('mia may use it', async () => (await call('mia', seen)).status === 201);
  });

  it('shows what parameters make of a template, without passwords', async () => {
    const of = 'Mia M in loft-alpha-v-dev';
    const token = 'hidden-password';
    await eventually('the gateway knows her name', async () => {
      assert.deepEqual(await preview('mia', seen), { size: '1Gi', token, of });
      return true;
    });
    const given = { ...seen, parameters: `size: 2Gi\ntoken: ${typed}` };
    assert.deepEqual(await preview('mia', given), { size: '2Gi', token, of });
  });

  it('refuses what a create would refuse, and says why', async () => {
    const bad = (parameters: string) => ({ ...seen, parameters: `${parameters}\ntoken: ${typed}` });
    await refused('mia', bad('size: huge'), 422, /parameter \\"size\\" must match/);
    await refused('mia', bad('colour: red'), 422, /does not have a parameter \\"colour\\"/);
    const of = (name: string, version?: string) => ({ ...alpha, templateRef: { name, version } });
    await refused('mia', of('seen', '9.9.9'), 404, /does not have version 9\.9\.9/);
    await refused('mia', of('unseen'), 403, /does not allow template unseen/);
    await refused('mia', of('nowhere'), 403, /does not allow template nowhere/);
    await refused('mia', of('gone'), 404, /template gone not found/);
    await refused('mia', { ...alpha, values: 'a: 1' }, 403, /requires a template/);
    await refused('mia', { values: 'a: 1' }, 403, /you may not write templates/);
    await refused('mia', { templateRef: { name: 'seen' } }, 400, /spec\.loft\.project is missing/);
    await refused('mia', { ...seen, values: 'a: 1' }, 400, /both values and templateRef/);
    await refused('tom', seen, 403, /may not create tenant clusters in project alpha/);
    const cluster = { ...seen, loft: { ...seen.loft, cluster: 'elsewhere' } };
    await refused('mia', cluster, 403, /does not allow cluster elsewhere/);
    for (const field of ['name', 'namespace', 'cluster'])
      await refused(
        'anna',
        { values: 'a: 1', loft: { [field]: '--post-renderer=x' } },
        400,
        new RegExp(field),
      );
  });

  it('is created with kubectl', async () => {
    const spec = { ...seen, parameters: 'size: 3Gi' };
    const input = JSON.stringify({
      apiVersion: 'management.loft.sh/v1',
      kind: 'RenderVirtualClusterTemplate',
      spec,
    });
    // kubectl checks kinds that it can patch, and looks for a CRD of any other.
    const args = ['create', '--validate=false', '-o', 'jsonpath={.status.values}', '-f', '-'];
    const { code, stdout, stderr } = await fixture().kubectl('mia', args, { input });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^size: 3Gi$/m);
  });

  it('tells callers who do not see a project nothing of it', async () => {
    const [foreign, none] = await Promise.all(
      ['alpha', 'none'].map(async (project) => {
        const { status, text } = await call('carl', { ...seen, loft: { project } });
        return { status, text: text.replaceAll(project, '…') };
      }),
    );
    assert.equal(foreign?.status, 404);
    assert.deepEqual(foreign, none);
  });

  it('renders an author’s own values, and of others no more than their names', async () => {
    const values = 'a: {{ .Values.n | add 1 }}\nof: "{{ .Values.loft.user.displayName }}"';
    const asked = { values, parameters: 'n: 1', loft: { user: 'mia' } };
    assert.deepEqual(await preview('anna', asked), { a: 2, of: 'Mia M' });
    const inBeta = { ...asked, loft: { user: 'mia', project: 'beta' } };
    assert.deepEqual(await preview('tom', inBeta), { a: 2, of: '' });
    const nobody = { ...asked, loft: { user: 'not-there', project: 'beta' } };
    assert.deepEqual(await preview('tom', nobody), { a: 2, of: '' });
    await refused('anna', { values: 'a: {{ .Values.x ' }, 422, /unclosed action/);
  });
}
