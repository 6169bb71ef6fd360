import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instancesPath } from '../support/platform.ts';
import type { Console } from './console-world.ts';

/** Texts that would run a script if a page took them for anything but text. */
const corpus = [
  '<img src=x onerror="window.ran=1">',
  '<script>window.ran=1</script>',
  '"><svg onload=window.ran=1>',
  "javascript:window.ran=1//'",
  '{{constructor.constructor("window.ran=1")()}}',
  '</textarea><iframe srcdoc="<script>parent.ran=1</script>">',
  '<a href="javascript:window.ran=1">x</a>',
  '${window.ran=1}',
];

/** What users write is shown as it is written. */
export function scriptCases(shared: () => Console): void {
  test('no text of a user runs as a script, wherever it is shown', async () => {
    const { platform, admin } = shared();
    const { page } = admin;
    const group = '/kubernetes/management/apis/management.loft.sh/v1';
    const text = corpus.join(' ');
    const changed = await platform.call(
      'PATCH',
      `${instancesPath}/web-one`,
      {
        metadata: { annotations: { 'example.com/note': text } },
        spec: { displayName: corpus[0], description: text },
      },
      { headers: { 'content-type': 'application/merge-patch+json' } },
    );
    assert.equal(changed.status, 200, changed.text);
    const template = await platform.call('POST', `${group}/virtualclustertemplates`, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterTemplate',
      metadata: { name: 'scripts' },
      spec: {
        displayName: corpus[1],
        description: text,
        parameters: corpus.map((label, index) => ({
          variable: `p${index}`,
          label,
          description: label,
          defaultValue: label,
          placeholder: label,
          options: index === 0 ? [label, corpus[2]] : undefined,
        })),
      },
    });
    assert.equal(template.status, 201, template.text);
    const user = await platform.call('POST', `${group}/users`, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'User',
      metadata: { name: 'scripter' },
      spec: { username: 'scripter', displayName: text, description: text },
    });
    assert.equal(user.status, 201, user.text);
    const tenant = '/kubernetes/project/default/virtualcluster/web-one/api/v1/namespaces/default/configmaps';
    const object = await platform.call('POST', tenant, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'scripts', annotations: { 'example.com/note': text } },
      data: { text },
    });
    assert.equal(object.status, 201, object.text);
    for (const path of [
      '/',
      '/tenant-clusters?project=default',
      '/projects/default/tenant-clusters/web-one',
      '/projects/default/tenant-clusters/web-one?tab=yaml',
      '/projects/default/tenant-clusters/web-one?tab=resources&resource=configmaps&namespace=default&object=scripts',
      '/templates',
      '/templates/virtualclustertemplates/scripts',
      '/tenant-clusters/new?project=default&template=scripts',
      '/users',
      '/audit?user=<img src=x onerror=window.ran=1>',
    ]) {
      await admin.visit(path);
      assert.equal(await page.evaluate('window.ran'), undefined, path);
    }
    await admin.visit('/tenant-clusters?project=default');
    await page
      .getByText(corpus[0] ?? '')
      .first()
      .waitFor();
    await platform.call('DELETE', `${group}/virtualclustertemplates/scripts`);
  });
}
