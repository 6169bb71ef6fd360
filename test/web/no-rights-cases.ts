import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Console } from './console-world.ts';

/** Somebody who is a member of nothing. */
export function noRightsCases(shared: () => Console): void {
  test('who may see nothing is told so, and is not offered what they may not do', async () => {
    const { platform, browser } = shared();
    const password = 'a password of some length';
    const group = '/kubernetes/management/apis/management.loft.sh/v1';
    const made = await platform.call('POST', `${group}/users`, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'User',
      metadata: { name: 'nobody' },
      spec: { username: 'nobody' },
    });
    assert.equal(made.status, 201, made.text);
    await eventually('the password is set', async () => {
      const profile = { spec: { password } };
      return (await platform.call('POST', `${group}/users/nobody/profile`, profile)).status === 201;
    });
    const user = await browser.open({ name: 'nobody', password });
    const { page } = user;
    await user.visit('/tenant-clusters');
    await page.getByText('There are no tenant clusters yet').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Connected clusters' }).count(), 0);
    assert.equal(await page.getByRole('link', { name: 'Create', exact: true }).count(), 0);
    for (const path of ['/projects/default/tenant-clusters/web-one', '/users', '/clusters/local']) {
      await user.visit(path);
      await page.getByRole('heading', { level: 1 }).or(page.getByRole('alert')).first().waitFor();
      assert.equal(await page.getByText('web-one', { exact: true }).count(), 0, path);
    }
    assert.deepEqual(user.problems, []);
    await user.context.close();
  });
}
