import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { browserRefusal, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { instancesPath } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import type { Console } from './console-world.ts';
import { noRightsCases } from './no-rights-cases.ts';
import { pageCases } from './page-cases.ts';
import { recoveryCases } from './recovery-cases.ts';
import { scriptCases } from './script-cases.ts';

/** A person's work in the console, on a platform with one tenant cluster. */
describe('the console', { timeout: 900_000, skip: browserRefusal() ?? false }, () => {
  let shared: Console;
  let page: Page;
  before(async () => {
    const platform = await sharedPlatform();
    const browser = await startBrowser(platform);
    const { user: name, password } = platform.admin();
    shared = { platform, browser, admin: await browser.open({ name, password }) };
    page = shared.admin.page;
  });
  after(async () => {
    await shared?.browser.close();
  });

  const stateOf = async (name: string) =>
    (await shared.platform.call('GET', `${instancesPath}/${name}`)).json<VirtualClusterInstance>().status
      ?.phase;
  const isShown = (text: string | RegExp) => page.getByText(text).first().waitFor();
  /** In the row of a tenant cluster. */
  const row = (name: string) => page.locator('tr', { hasText: name });
  const choose = async (name: string, action: string) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
  };

  test('one signs in, and comes to the page that was asked for', async () => {
    const { browser, platform } = shared;
    const { user, password } = platform.admin();
    const guest = await browser.open();
    await guest.visit('/tenant-clusters?search=web');
    await guest.page.getByLabel('User name').fill(user);
    await guest.page.getByLabel('Password').fill(password);
    await guest.page.getByRole('button', { name: 'Log in' }).click();
    await guest.page.getByRole('heading', { name: 'Tenant clusters' }).waitFor();
    assert.match(guest.page.url(), /\/console\/tenant-clusters\?search=web$/);
    assert.deepEqual(guest.problems, []);
    await guest.context.close();
  });

  test('a tenant cluster is created by a form, and its steps are watched', async () => {
    await shared.admin.visit('/tenant-clusters/new?project=default');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('web-one');
    await page.getByLabel('Display name').fill('The first of the web');
    await isShown('The platform accepts it.');
    await page.getByRole('button', { name: 'Create tenant cluster' }).click();
    await page.getByRole('heading', { name: 'Create web-one' }).waitFor({ timeout: 60_000 });
    await isShown('Creating host namespace');
    await page.getByText(/^Took .*, usually/).waitFor({ timeout: 180_000 });
    await eventually('it is ready', async () => (await stateOf('web-one')) === 'Ready');
  });

  test('it sleeps and wakes from its row, which changes without a reload', async () => {
    await shared.admin.visit('/tenant-clusters?project=default');
    await row('web-one').getByText('Awake').waitFor();
    await choose('web-one', 'Sleep');
    await page.getByRole('dialog').getByRole('button', { name: 'Sleep', exact: true }).click();
    await row('web-one').getByText('Asleep').waitFor({ timeout: 120_000 });
    assert.equal(await stateOf('web-one'), 'Sleeping');
    await choose('web-one', 'Wake');
    await row('web-one').getByText('Awake').waitFor({ timeout: 120_000 });
  });

  test('what others do is on the page within a second', async () => {
    const shown = page.getByText('Renamed elsewhere');
    const answer = await shared.platform.call(
      'PATCH',
      `${instancesPath}/web-one`,
      { spec: { displayName: 'Renamed elsewhere' } },
      { headers: { 'content-type': 'application/merge-patch+json' } },
    );
    assert.equal(answer.status, 200, answer.text);
    await shown.first().waitFor({ timeout: 10_000 });
  });

  test('a snapshot is taken and restored, and what was written since is gone', async () => {
    const tenant = '/kubernetes/project/default/virtualcluster/web-one/api/v1/namespaces/default/configmaps';
    await shared.admin.visit('/projects/default/tenant-clusters/web-one?tab=snapshots');
    await page.getByRole('button', { name: 'Take a snapshot' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name of the snapshot').fill('first');
    await dialog.getByRole('button', { name: 'Take a snapshot' }).click();
    await page.getByRole('row', { name: /first.*Complete/ }).waitFor({ timeout: 120_000 });
    const made = await shared.platform.call('POST', tenant, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'later' },
    });
    assert.equal(made.status, 201, made.text);
    await page.getByRole('button', { name: 'Restore snapshot first' }).click();
    await dialog.getByLabel('Type web-one to confirm').fill('web-one');
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
    await eventually(
      'the restore has ended',
      async () => (await shared.platform.first('web-one', 'restore')).state === 'succeeded',
      { timeoutMs: 180_000 },
    );
    assert.equal((await shared.platform.call('GET', `${tenant}/later`)).status, 404);
  });

  test('a creation that runs is cancelled, and what it did is undone', async () => {
    await shared.platform.apply('web-two');
    const operation = await shared.platform.first('web-two', 'create');
    await shared.admin.visit(`/operations/${operation.id}`);
    await page.getByRole('button', { name: 'Cancel operation' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel operation' }).click();
    await isShown('It was cancelled');
    assert.equal((await shared.platform.ended(operation.id)).state, 'cancelled');
    assert.equal((await shared.platform.call('DELETE', `${instancesPath}/web-two`)).status, 200);
  });

  test('an operation that fails says why, and how to go on', async () => {
    await shared.platform.apply('web-bad', {
      template: { helmRelease: { values: 'controlPlane: {unknownField: 1}' } },
    });
    const operation = await shared.platform.first('web-bad', 'create');
    const { message = '', state } = await shared.platform.ended(operation.id);
    assert.equal(state, 'failed');
    await shared.admin.visit(`/operations/${operation.id}`);
    await isShown('It failed');
    await page.getByText(message.slice(0, 60)).first().waitFor();
    await page.getByRole('button', { name: 'Try again', exact: true }).waitFor();
    await shared.admin.visit('/');
    await page
      .getByRole('link', { name: /web-bad/ })
      .first()
      .waitFor();
  });

  test('deleting asks for the name, and the row goes', async () => {
    await shared.admin.visit('/tenant-clusters?project=default');
    await choose('web-bad', 'Delete');
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Delete', exact: true });
    assert.ok(await confirm.isDisabled());
    await dialog.getByLabel('Type web-bad to confirm').fill('web-bad');
    await confirm.click();
    await row('web-bad').waitFor({ state: 'detached', timeout: 120_000 });
  });

  noRightsCases(() => shared);
  scriptCases(() => shared);
  recoveryCases(() => shared);
  pageCases(() => shared);

  test('no page logged an error, and none broke the policy', () => {
    assert.deepEqual(shared.admin.problems, []);
  });
});
