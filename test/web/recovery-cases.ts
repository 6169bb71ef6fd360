import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instancesPath } from '../support/platform.ts';
import type { Console } from './console-world.ts';

/** An open page while the platform restarts, and a session that ends under it. */
export function recoveryCases(shared: () => Console): void {
  test('an open page says that the platform is away, recovers, and shows what happened meanwhile', async () => {
    const { platform, admin } = shared();
    const { page } = admin;
    await admin.visit('/tenant-clusters?project=default');
    await page.locator('tr', { hasText: 'web-one' }).waitFor();
    const { pid } = platform.processes()['gateway'] ?? assert.fail('there is no gateway');
    process.kill(pid, 'SIGKILL');
    await page.getByText(/Not connected since/).waitFor();
    await page.getByText(/Not connected since/).waitFor({ state: 'detached', timeout: 90_000 });
    const answer = await platform.call(
      'PATCH',
      `${instancesPath}/web-one`,
      { spec: { displayName: 'After the restart' } },
      { headers: { 'content-type': 'application/merge-patch+json' } },
    );
    assert.equal(answer.status, 200, answer.text);
    await page.getByText('After the restart').first().waitFor();
  });

  test('when the session ends, the page says so and comes back after a new login', async () => {
    const { platform, browser } = shared();
    const { user: name, password } = platform.admin();
    const user = await browser.open({ name, password });
    const { page } = user;
    await user.visit('/operations?state=failed');
    await page.getByRole('heading', { name: 'Operations' }).waitFor();
    const other = await user.context.newPage();
    await other.goto(page.url());
    await other.getByRole('button', { name: 'Your account' }).click();
    await other.getByRole('menuitem', { name: 'Sign out' }).click();
    await other.getByLabel('User name').waitFor();
    const again = page.getByRole('link', { name: 'Sign in again' });
    await again.waitFor({ timeout: 30_000 });
    await again.click();
    await page.getByLabel('User name').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Operations' }).waitFor();
    assert.match(page.url(), /\/operations\?state=failed$/);
    await user.context.close();
  });
}
