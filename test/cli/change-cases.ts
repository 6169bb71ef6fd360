import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Operation } from '../../contracts/operations.ts';
import type { VirtualClusterInstanceSpec } from '../../contracts/resources/virtual-cluster-instance.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { keyOf } from '../api/user-calls.ts';
import { run } from '../support/platform.ts';
import type { CliWorld } from './cli-world.ts';

/** Changes of what is there: by the resource, beside others who change it too. */
export function changeCases(cli: () => CliWorld): void {
  describe('vcp changes a tenant cluster', () => {
    const at = ['-p', 'alpha'];
    const demo = { namespace: 'p-alpha', name: 'changing' };
    const spec = async (): Promise<VirtualClusterInstanceSpec> => {
      const found = await cli().fixture.resources.virtualclusterinstances.get(demo);
      return found?.spec ?? assert.fail();
    };
    before(async () => {
      const { fixture, vcp } = cli();
      const login = ['login', fixture.url, '--access-key', keyOf('ben'), '--ca-file', fixture.caFile];
      assert.equal((await vcp(login)).code, 0);
      await fixture.resources.virtualclusterinstances.create({
        metadata: demo,
        spec: { templateRef: { name: 'default' }, parameters: 'size: small # for now\n' },
      });
      await fixture.resources.virtualclusterinstances.patchStatus(demo, {
        phase: 'Ready',
        observedHash: 'x',
      });
    });

    it('tries a change without making it', async () => {
      const { succeeds } = cli();
      const types = async () =>
        (
          JSON.parse(await succeeds('operations', 'list', 'changing', ...at, '-o', 'json')) as Operation[]
        ).map(({ type }) => type);
      const before = await spec();
      assert.match(
        await succeeds(
          'update',
          'vcluster',
          'changing',
          ...at,
          '--set-param',
          'size=big',
          '--dry-run=server',
        ),
        /^tenant cluster changing would be changed and deployed again \(server dry run\)\nupdate of tenant cluster changing would be accepted, and usually takes [\d.]+ s \(server dry run\)\n( {2}.*\n)+$/,
      );
      assert.match(
        await succeeds('share', 'vcluster', 'changing', ...at, '--user', 'carl', '--dry-run=server'),
        /shared with user carl as cluster-admin \(server dry run\)/,
      );
      assert.match(
        await succeeds('delete', 'vcluster', 'changing', ...at, '--dry-run=server'),
        /^delete of tenant cluster changing would be accepted, and usually takes [\d.]+ s \(server dry run\)\n( {2}.*\n)+$/,
      );
      for (const command of [
        ['sleep', 'vcluster', 'changing'],
        ['wakeup', 'vcluster', 'changing'],
        ['snapshot', 'create', 'changing', '--name', 'tried'],
        ['restore', 'changing', 'tried'],
      ]) {
        const preview = JSON.parse(await succeeds(...command, ...at, '--dry-run=server', '-o', 'json'));
        assert.deepEqual([preview.outcome, preview.tenantCluster], ['queued', 'changing']);
      }
      assert.deepEqual(await types(), ['create']);
      assert.match(
        await succeeds('create', 'vcluster', 'dry', ...at, '--template', 'default', '--dry-run=server'),
        /^tenant cluster dry would be created \(server dry run\)\n$/,
      );
      assert.deepEqual(await spec(), before);
      assert.equal((await cli().vcp(['get', 'vcluster', 'dry', ...at])).code, 4);
    });

    it('changes parameters and version, and follows the operation', async () => {
      const { succeeds } = cli();
      const change = ['--set-param', 'size=large', '--template-version', '2.x.x'];
      assert.match(
        await succeeds('update', 'vcluster', 'changing', ...at, ...change),
        /^tenant cluster changing is up to date/,
      );
      const { parameters, templateRef } = await spec();
      assert.match(parameters ?? '', /^size: "large" # for now$/m);
      assert.deepEqual(templateRef, { name: 'default', version: '2.x.x' });
      assert.match(
        await succeeds('update', 'vcluster', 'changing', ...at, ...change),
        /^tenant cluster changing is as you ask already\n$/,
      );
      assert.match(
        await succeeds('update', 'vcluster', 'changing', ...at, '--display-name', 'New'),
        /^tenant cluster changing is changed; nothing had to be deployed\n$/,
      );
    });

    it('sets when it sleeps and is deleted, and refuses what nobody understands', async () => {
      const { succeeds, vcp } = cli();
      const change = ['--sleep-after', '1h30m', '--delete-after', '0', '--sleep-schedule', '0 20 * * *'];
      assert.match(
        await succeeds('update', 'vcluster', 'changing', ...at, ...change, '--timezone', 'Europe/Berlin'),
        /^tenant cluster changing is changed; nothing had to be deployed\n$/,
      );
      const shown = JSON.parse(await succeeds('get', 'vcluster', 'changing', ...at, '-o', 'json'));
      const policy = Object.entries(shown.metadata.annotations).filter(([name]) =>
        /^sleepmode\.loft\.sh\/(sleep-|delete-|timezone)/.test(name),
      );
      assert.deepEqual(Object.fromEntries(policy), {
        'sleepmode.loft.sh/delete-after': '0',
        'sleepmode.loft.sh/sleep-after': '5400',
        'sleepmode.loft.sh/sleep-schedule': '0 20 * * *',
        'sleepmode.loft.sh/timezone': 'Europe/Berlin',
      });
      assert.match(
        await succeeds('update', 'vcluster', 'changing', ...at, ...change),
        /^tenant cluster changing is as you ask already\n$/,
      );
      const soon = await vcp(['update', 'vcluster', 'changing', ...at, '--sleep-after', 'soon']);
      assert.deepEqual([soon.code, soon.stdout], [2, '']);
      assert.match(soon.stderr, /--sleep-after soon: give a duration \(30m, 1h30m\) or seconds/);
      const never = await vcp(['update', 'vcluster', 'changing', ...at, '--wakeup-schedule', 'early']);
      // Not what refuses it: that is for those who look after the platform.
      assert.match(
        never.stderr,
        /^error: Invalid request: \S+\/wakeup-schedule: invalid cron expression "early"/,
      );
      await succeeds('update', 'vcluster', 'changing', ...at, '--sleep-schedule', '', '--sleep-after', '0');
      // As the controllers write it, of which there are none here.
      await cli().fixture.resources.virtualclusterinstances.patchStatus(demo, {
        sleepPolicy: {
          afterInactivitySeconds: 3600,
          deleteAfterSeconds: 0,
          timezone: 'Europe/Berlin',
          sources: {
            afterInactivitySeconds: 'template',
            deleteAfterSeconds: 'annotation',
            timezone: 'annotation',
          },
        },
      });
      const described = await succeeds('describe', 'vcluster', 'changing', ...at);
      assert.match(described, /^ *Sleeps after: +3600 s without activity \(template\)\n/m);
      assert.match(described, /^ *Time zone: +Europe\/Berlin\n/m);
      assert.doesNotMatch(described, /Deleted after|Sleep schedule/);
    });

    it('keeps what others change at the same time', async () => {
      const { vcp } = cli();
      const users = ['u1', 'u2', 'u3', 'u4'];
      const all = await Promise.all([
        ...users.map((user) =>
          vcp(['share', 'vcluster', 'changing', ...at, '--user', user, '--role', 'view']),
        ),
        vcp(['update', 'vcluster', 'changing', ...at, '--description', 'shared']),
      ]);
      assert.deepEqual(
        all.map(({ stderr }) => stderr),
        all.map(() => ''),
      );
      const { extraAccessRules = [], description } = await spec();
      assert.equal(description, 'shared');
      assert.deepEqual(extraAccessRules.flatMap((rule) => rule.users ?? []).toSorted(), users);
    });

    it('shares and takes it back', async () => {
      const { succeeds } = cli();
      const sharing = ['share', 'vcluster', 'changing', ...at, '--user', 'u1', '--role', 'view'];
      assert.match(await succeeds(...sharing), /is shared with user u1 as view already/);
      assert.match(await succeeds(...sharing, '--remove'), /is not shared with user u1 any more\n/);
      assert.match(await succeeds(...sharing, '--remove'), /is not shared with user u1\n/);
      const { extraAccessRules = [] } = await spec();
      assert.deepEqual(extraAccessRules.flatMap((rule) => rule.users ?? []).toSorted(), ['u2', 'u3', 'u4']);
      assert.equal((await cli().vcp(['share', 'vcluster', 'changing', ...at])).code, 2);
    });

    it('tells who may use it and why it is so', async () => {
      const { succeeds } = cli();
      assert.match(
        await succeeds('describe', 'vcluster', 'changing', ...at),
        /\nWho may use it:\n(?:.*\n)+ {2}user u2 +use it as view +spec\.extraAccessRules\n/,
      );
      assert.match(
        await succeeds('why', 'vcluster', 'changing', ...at),
        /^Awake: created by ben@example\.com (?:yesterday )?at \d\d:\d\d \(Europe\/Berlin\), not used since\. Sleeps (?:tomorrow )?at \d\d:\d\d if unused\.\n$/,
      );
    });
  });

  describe('vcp connects to the platform itself', () => {
    it('gives the real kubectl the management API', async () => {
      const { fixture, succeeds } = cli();
      const file = join(fixture.dir, 'management.kubeconfig');
      assert.match(
        await succeeds('connect', 'management', '--kubeconfig', file),
        /is now vcluster-platform-management; try: kubectl --kubeconfig .* get projects\n$/,
      );
      const get = ['get', 'virtualclusterinstances', '-n', 'p-alpha', '-o', 'name'];
      const listed = await run(findProgram('kubectl'), ['--kubeconfig', file, ...get]);
      assert.equal(listed.code, 0, listed.stderr);
      assert.match(listed.stdout, /^virtualclusterinstance\.management\.loft\.sh\/demo$/m);
    });

    it('refuses a connected cluster to who may not see it', async () => {
      const { code, stderr } = await cli().vcp(['connect', 'cluster', 'local', '--print']);
      assert.ok(code === 3 || code === 4, stderr);
    });

    it('shows the platforms it knows, and no key', async () => {
      const { fixture, succeeds, vcp } = cli();
      const view = await succeeds('config', 'view', '-o', 'yaml');
      assert.doesNotMatch(view, new RegExp(keyOf('ben')));
      const { platforms } = parse(view) as { platforms: { url: string; current: boolean }[] };
      assert.deepEqual(
        platforms.filter(({ current }) => current).map(({ url }) => url),
        [fixture.url],
      );
      assert.equal(await succeeds('config', 'use', fixture.url), `vcp uses ${fixture.url} now\n`);
      const unknown = await vcp(['config', 'use', 'https://nowhere.test']);
      assert.equal(unknown.code, 3);
      assert.match(unknown.stderr, /; try: vcp login https:\/\/nowhere\.test\n$/);
    });

    it('tells both versions', async () => {
      assert.match(
        await cli().succeeds('version'),
        /^vcp \d+\.\d+\.\d+\nplatform \d+\.\d+\.\d+ \(https:\/\/127\.0\.0\.1:\d+\)\n$/,
      );
    });
  });
}
