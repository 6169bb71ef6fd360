import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { annotations } from '../../contracts/names.ts';
import { parseCron } from '../../domain/sleep/cron.ts';
import { nextTime } from '../../domain/sleep/cron-times.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { eventually } from '../support/eventually.ts';

interface Fixture {
  readonly admin: ClusterClient;
  readonly resources: ManagementResources;
  readonly operations: OperationsDeps;
}

/** What template, values, annotations and project say of sleep, in the status of an instance and in its Temporal Schedule. */
export function sleepPolicyCases(fixture: () => Fixture): void {
  describe('sleep policies', () => {
    const name = { namespace: 'p-dormant', name: 'sleeper' };
    const template = (values: string) => ({ template: { helmRelease: { values } } });
    const policyOf = async () => {
      const found = await fixture().resources.virtualclusterinstances.get(name);
      return found?.status?.sleepPolicy;
    };
    const policyBecomes = (expected: object) =>
      eventually('the policy', async () => {
        assert.deepEqual(await policyOf(), expected);
        return true;
      });
    const schedule = async () => {
      const { resources, operations } = fixture();
      const { metadata } = (await resources.virtualclusterinstances.get(name)) ?? assert.fail();
      return operations.temporal.schedule.getHandle(`sleep-policy/${metadata.uid}`);
    };
    const sleepsAt = (cron: string, zone: string) =>
      eventually(`it sleeps at ${cron} in ${zone}`, async () => {
        const { info } = await (await schedule()).describe();
        const read = parseCron(cron);
        assert.ok('schedule' in read);
        assert.deepEqual(info.nextActionTimes[0], nextTime(read.schedule, zone, new Date()));
        return true;
      });

    it('come from everything that says something, and are stored with where each setting comes from', async () => {
      const { admin, resources } = fixture();
      await resources.projects.create({
        metadata: {
          name: 'dormant',
          annotations: { [annotations.sleepAfter]: '7200', [annotations.sleepTimezone]: 'Asia/Tokyo' },
        },
        spec: { allowedTemplates: [{ name: '*' }] },
      });
      await eventually('its namespace', () => admin.core.readNamespace({ name: name.namespace }));
      await resources.virtualclustertemplates.create({
        metadata: { name: 'nightly' },
        spec: template('sleep: {auto: {schedule: "0 20 * * *"}}'),
      });
      await eventually('an instance', () =>
        resources.virtualclusterinstances.create({
          metadata: { ...name, annotations: { [annotations.deleteAfter]: '86400' } },
          spec: { templateRef: { name: 'nightly' } },
        }),
      );
      await policyBecomes({
        afterInactivitySeconds: 7200,
        deleteAfterSeconds: 86_400,
        sleepSchedule: '0 20 * * *',
        timezone: 'Asia/Tokyo',
        sources: {
          afterInactivitySeconds: 'project',
          deleteAfterSeconds: 'annotation',
          sleepSchedule: 'template',
          timezone: 'project',
        },
      });
      await sleepsAt('0 20 * * *', 'Asia/Tokyo');
    });

    it('follow every change of template, project and annotations, and so do their schedules', async () => {
      const { resources } = fixture();
      await resources.virtualclustertemplates.patch(
        { name: 'nightly' },
        { spec: template('sleep: {auto: {schedule: "30 21 * * *", afterInactivity: 1h}}') },
      );
      await sleepsAt('30 21 * * *', 'Asia/Tokyo');
      await resources.projects.patch(
        { name: 'dormant' },
        { metadata: { annotations: { [annotations.sleepTimezone]: 'Europe/Berlin' } } },
      );
      await sleepsAt('30 21 * * *', 'Europe/Berlin');
      await resources.virtualclusterinstances.patch(name, {
        metadata: { annotations: { [annotations.deleteAfter]: null, [annotations.sleepAfter]: '60' } },
      });
      await policyBecomes({
        afterInactivitySeconds: 3600,
        sleepSchedule: '30 21 * * *',
        timezone: 'Europe/Berlin',
        sources: { afterInactivitySeconds: 'template', sleepSchedule: 'template', timezone: 'project' },
      });
    });

    it('that cannot be understood are said where they stand, and nothing is done by them', async () => {
      const { resources } = fixture();
      const values = 'sleep: {auto: {schedule: "at night"}}';
      await resources.virtualclustertemplates.patch({ name: 'nightly' }, { spec: template(values) });
      const condition = await eventually('the condition', async () => {
        const found = await resources.virtualclusterinstances.get(name);
        return found?.status?.conditions?.find(
          ({ type, status }) => type === 'SleepScheduleValid' && status === 'False',
        );
      });
      assert.match(
        condition.message ?? '',
        /^template nightly: values: sleep\.auto\.schedule: invalid cron expression "at night"/,
      );
      const handle = await schedule();
      await eventually('the schedule is gone', () =>
        handle.describe().then(
          () => false,
          () => true,
        ),
      );
      await resources.virtualclustertemplates.patch({ name: 'nightly' }, { spec: template('') });
      await policyBecomes({
        afterInactivitySeconds: 60,
        timezone: 'Europe/Berlin',
        sources: { afterInactivitySeconds: 'annotation', timezone: 'project' },
      });
      await resources.virtualclusterinstances.delete(name);
      await resources.virtualclusterinstances.patch(name, { metadata: { finalizers: null } });
    });
  });
}
