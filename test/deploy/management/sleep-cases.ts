import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { openRequest } from '../../../adapters/kubernetes/request.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import { parseCron } from '../../../domain/sleep/cron.ts';
import { saidByAnnotations } from '../../../domain/sleep/sleep-settings.ts';
import { readTimeZone } from '../../../domain/sleep/time-zone.ts';
import { eventually } from '../../support/eventually.ts';
import {
  applyProjectNamespace,
  type TestManagementApi,
  writeDespitePolicy,
} from '../../support/management-api.ts';

const prefix = 'sleepmode.loft.sh/';
const namespace = 'p-sleepy';
const policyFile = new URL('../../../deploy/management/policy-sleep.yaml', import.meta.url);
const kinds = [
  ['virtualclusterinstances', 'VirtualClusterInstance'],
  ['spaceinstances', 'SpaceInstance'],
  ['projects', 'Project'],
] as const;

/** Sleep annotations that nobody could carry out are refused at admission, by the rules of domain/. */
export function sleepCases(context: () => TestManagementApi): void {
  describe('policy of sleep annotations', () => {
    let api: TestManagementApi;
    /** What the API server says to an instance with these annotations, which it does not keep. */
    const answerOf = async (
      given: Record<string, string>,
      [plural, kind]: (typeof kinds)[number] = kinds[0],
    ) => {
      const annotations = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [`${prefix}${name}`, value]),
      );
      const place = plural === 'projects' ? {} : { namespace };
      const scope = plural === 'projects' ? '' : `/namespaces/${namespace}`;
      const path = `/apis/${managementApiVersion}${scope}/${plural}?dryRun=All`;
      const metadata = { name: 'sleeper', ...place, annotations };
      const body = { apiVersion: managementApiVersion, kind, metadata, spec: {} };
      const { headers } = await openRequest(api.admin.kubeConfig, { method: 'POST', path, body });
      return { warning: headers.get('warning') };
    };
    const answer = (given: Record<string, string>, kind: (typeof kinds)[number] = kinds[0]) =>
      answerOf(given, kind).then(
        () => 'accepted',
        (error: unknown) => apiMessage(error),
      );
    before(async () => {
      api = context();
      await applyProjectNamespace(api.admin, 'sleepy');
      await eventually('the policy is in force', async () =>
        /unknown time zone/.test(await answer({ timezone: 'Mars/Olympus' })),
      );
    });

    it('accepts what is carried out', async () => {
      const fine: Record<string, string>[] = [
        { 'sleep-schedule': '0 20 * * *', 'wakeup-schedule': ' 0  8 * * 1-5 ', timezone: 'Europe/Berlin' },
        { 'sleep-schedule': '@Daily', 'wakeup-schedule': '', timezone: '' },
        { 'sleep-schedule': '*/15,59 0-23/2 1,15,31 jan-MAR,12 ?', timezone: 'america/port-au-prince' },
        { 'sleep-schedule': '0 20 13 * 5', timezone: '+05:30' },
        { 'sleep-schedule': '0 20 * * 0,7', timezone: 'Europe/Berlin#7200' },
        { 'sleep-schedule': '0 20 29 2 *', timezone: 'CEST#7200' },
        { 'sleep-schedule': '0 20 * * *', timezone: 'PDT#-25200' },
        { 'wakeup-schedule': '0 8 * * *', timezone: '-03#-10800' },
        { 'wakeup-schedule': '0 8 * * *', timezone: '+0545#20700' },
        { force: 'true', 'force-duration': '3600', 'last-activity': '1764633600' },
        { force: 'false', 'force-duration': '0', 'sleeping-since': '1764633600' },
        { force: '', 'sleep-type': 'forcedSleep' },
        { 'sleep-after': '1800', 'delete-after': ' 0 ' },
        { 'sleep-after': '', 'ignore-verbs': '', 'ignore-all': '' },
        { 'ignore-all': 'false', 'ignore-vclusters': 'true', 'ignore-active-connections': 'true' },
        { 'ignore-groups': 'ci, system:serviceaccounts', 'ignore-verbs': 'list, watch,*' },
        {
          'ignore-resources': 'pods, deployments.apps,*',
          'ignore-resource-verbs': 'pods.core=get  list, x.y.z = create',
        },
        { 'ignore-resource-names': 'configmaps=a b,x.y=c', 'ignore-user-agents': 'argocd,k9s/*,*' },
      ];
      for (const kind of kinds)
        for (const annotations of fine)
          assert.equal(await answer(annotations, kind), 'accepted', JSON.stringify(annotations));
    });

    it('refuses what is not, and says what to write', async () => {
      const wrong: [Record<string, string>, RegExp][] = [
        [
          { 'sleep-schedule': 'at night' },
          /sleep-schedule: invalid cron expression "at night": .*five fields/,
        ],
        [{ 'wakeup-schedule': '0 8 * *' }, /wakeup-schedule: invalid cron expression "0 8 \* \*": .*five/],
        [{ 'wakeup-schedule': '0 0 8 * * *' }, /five fields are required/],
        [{ 'wakeup-schedule': '@reboot' }, /or one of @yearly, @annually/],
        [{ 'sleep-schedule': 'TZ=UTC 0 20 * * *' }, /the time zone has an annotation of its own/],
        [{ 'sleep-schedule': '0 20 L * *' }, /"L" is not a day of the month: 1 to 31/],
        [{ 'sleep-schedule': '0 20 15W * *' }, /"15W" is not a day of the month/],
        [{ 'sleep-schedule': '0 20 * * 5#2' }, /"5#2" is not a day of the week: 0 to 7 or sun to sat/],
        [
          { 'sleep-schedule': '0 20 * * 2/2' },
          /"2\/2" is not a day of the week.* a step only behind a range/,
        ],
        [{ 'sleep-schedule': '60 20 * * *' }, /"60" is not a minute: 0 to 59/],
        [{ 'sleep-schedule': '0 24 * * *' }, /"24" is not an hour: 0 to 23/],
        [{ 'sleep-schedule': '0 20 * 13 *' }, /"13" is not a month: 1 to 12 or jan to dec/],
        [{ 'sleep-schedule': '*/0 20 * * *' }, /"\*\/0" is not a minute/],
        [{ 'sleep-schedule': '0 20 * * fri-mon' }, /a range in "fri-mon" ends before it begins: write two/],
        [
          { 'sleep-schedule': '0 20 */2 * 1' },
          /read "\*\/2" beside another restricted day field differently/,
        ],
        [{ 'sleep-schedule': '0 20 31 4,6 *' }, /there is no such day/],
        [{ 'sleep-schedule': '0 20 30 2 *' }, /there is no such day/],
        [{ 'sleep-schedule': `0 20 ${'1,'.repeat(300)}1 * *` }, /at most 500 characters/],
        [{ timezone: 'Berlin' }, /unknown time zone "berlin": write an IANA name \(Europe\/Berlin\)/],
        [{ timezone: 'CEST' }, /unknown time zone/],
        [{ timezone: 'IST#19801' }, /unknown time zone/],
        [{ timezone: '-3#-10800' }, /unknown time zone/],
        [{ timezone: '+25:00' }, /or an offset \(\+02:00\)/],
        [{ timezone: '+01:99' }, /unknown time zone/],
        [{ force: 'True' }, /force: write "true" to put it to sleep, or "false"/],
        [{ force: 'yes' }, /force: write "true"/],
        [
          { force: 'true', 'force-duration': '1h' },
          /force-duration: write a number of seconds, such as "3600"/,
        ],
        [{ 'last-activity': '2026-11-29' }, /seconds since 1970/],
        [{ 'sleep-after': '30m' }, /sleep-after: "30m" is not a number of seconds: write "1800"/],
        [{ 'delete-after': '-1' }, /delete-after: "-1" is not a number of seconds/],
        [{ 'delete-after': '9999999999' }, /is not a number of seconds/],
        [{ 'ignore-all': 'yes' }, /ignore-all: write "true" or "false"/],
        [{ 'ignore-verbs': 'list,read' }, /ignore-verbs: "read": is not a verb: get, list, watch/],
        [{ 'ignore-verbs': 'list,,get' }, /ignore-verbs: "": is not a verb/],
        [{ 'ignore-groups': 'ci,' }, /ignore-groups: "": write "ci,/],
        [
          { 'ignore-resources': 'pods/log' },
          /"pods\/log": is not a resource: write "pods" or "deployments\.apps"/,
        ],
        [{ 'ignore-resource-verbs': 'pods' }, /"pods": write it like "pods=get list"/],
        [{ 'ignore-resource-verbs': 'pods=read' }, /"pods=read": write it like/],
        [{ 'ignore-resource-names': 'pods= ' }, /write it like "configmaps=a b"/],
        [{ 'ignore-user-agents': '*k9s' }, /"\*k9s": "\*" may only stand at the end/],
        [{ 'ignore-user-agents': 'x'.repeat(4097) }, /at most 4096 characters/],
      ];
      for (const kind of kinds)
        for (const [annotations, message] of wrong)
          assert.match(await answer(annotations, kind), message, JSON.stringify(annotations));
    });

    it('warns of annotations that nothing reads', async () => {
      const { warning } = await answerOf({ 'sleep-afer': '3600', timezone: 'Europe/Berlin' });
      assert.match(
        warning ?? '',
        /sleepmode\.loft\.sh\/sleep-afer has no effect; sleep is controlled by force,/,
      );
      assert.equal((await answerOf({ timezone: 'Europe/Berlin' })).warning, null);
      const settings = { 'sleep-after': '60', 'ignore-verbs': 'list' };
      assert.equal((await answerOf(settings, ['projects', 'Project'])).warning, null);
      const { warning: ofProject } = await answerOf({ force: 'true' }, ['projects', 'Project']);
      assert.match(ofProject ?? '', /force has no effect; sleep is controlled by sleep-after/);
    });

    it('what is stored already stays, and stands in the way of nothing else', async () => {
      const name = { namespace, name: 'stored' };
      await writeDespitePolicy(api.admin, 'vcluster-platform-sleep', () =>
        api.resources.virtualclusterinstances.create({
          metadata: { ...name, annotations: { [`${prefix}sleep-schedule`]: 'at night' } },
          spec: {},
        }),
      );
      const patch = (annotations: object) =>
        api.resources.virtualclusterinstances.patch(name, { metadata: { annotations } }).then(
          () => 'accepted',
          (error: unknown) => apiMessage(error),
        );
      await eventually('the policy is in force again', async () =>
        /unknown time zone/.test(await answer({ timezone: 'Mars/Olympus' })),
      );
      assert.equal(await patch({ [`${prefix}force`]: 'true' }), 'accepted');
      assert.match(await patch({ [`${prefix}sleep-schedule`]: 'by day' }), /invalid cron expression/);
      assert.equal(await patch({ [`${prefix}sleep-schedule`]: null }), 'accepted');
    });

    it('reads schedules as they are carried out', async () => {
      const texts = fc.sample(schedule, { numRuns: 400, seed: 20 });
      const accepted = texts.filter((text) => 'schedule' in parseCron(text)).length;
      assert.ok(accepted > 100 && accepted < 300, `${accepted} of ${texts.length} are valid`);
      for (let at = 0; at < texts.length; at += 20)
        await Promise.all(
          texts.slice(at, at + 20).map(async (text) => {
            const read = parseCron(text);
            const said = await answer({ 'sleep-schedule': text });
            assert.equal(
              said === 'accepted',
              'schedule' in read,
              `${text}: ${said}, ${JSON.stringify(read)}`,
            );
          }),
        );
    });

    it('reads lists and numbers as they are carried out', async () => {
      const texts = fc.sample(fc.tuple(oneOf(...Object.keys(listOf)), list), { numRuns: 120, seed: 21 });
      const outcomes = await Promise.all(
        texts.map(async ([name, text]) => {
          const isRead = Object.values(saidByAnnotations({ [`${prefix}${name}`]: text })).every(
            (one) => 'value' in one,
          );
          const said = await answer({ [name]: text });
          assert.equal(said === 'accepted', isRead, `${name}: ${text}: ${said}`);
          return isRead;
        }),
      );
      const accepted = outcomes.filter(Boolean).length;
      assert.ok(accepted > 20 && accepted < 100, `${accepted} of ${texts.length} are valid`);
    });

    it('knows the names of time zones that are carried out', () => {
      const [, list = ''] = /name: zones\n.*'\n([^']+)'\.split/s.exec(readFileSync(policyFile, 'utf8')) ?? [];
      const listed = list.trim().split(/\s+/);
      assert.ok(listed.length > 590);
      assert.deepEqual(
        listed.filter((name) => readTimeZone(name) === undefined),
        [],
        'listed only',
      );
      const known = Intl.supportedValuesOf('timeZone').map((name) => name.toLowerCase());
      assert.deepEqual(
        known.filter((name) => !listed.includes(name)),
        [],
        'known only',
      );
    });
  });
}

const oneOf = fc.constantFrom<string[]>;

/** A field of a schedule, mostly right. */
function field(min: number, max: number, words: string[]): fc.Arbitrary<string> {
  const value = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min, max }).map(String) },
    { weight: 4, arbitrary: oneOf(...words, `0${min}`, String(max)) },
    { weight: 1, arbitrary: oneOf('', 'L', '-1', '99', '1W', '#', 'x', '٣') },
  );
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: oneOf('/1', '/2', '/01', '/7', '/40', '/0', '/100') },
  );
  const item = fc.oneof(
    { weight: 3, arbitrary: value },
    { weight: 2, arbitrary: fc.tuple(value, step).map((parts) => parts.join('')) },
    { weight: 4, arbitrary: fc.tuple(value, fc.constant('-'), value, step).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.tuple(oneOf('*', '?'), step).map((parts) => parts.join('')) },
  );
  return fc.oneof(
    { weight: 3, arbitrary: oneOf('*', '?', '*/1', '*/2', '?/01') },
    { weight: 2, arbitrary: fc.array(item, { minLength: 1, maxLength: 2 }).map((items) => items.join(',')) },
  );
}

const listOf = {
  'sleep-after': ['60', '0', '1h'],
  'ignore-all': ['true', 'false', 'True'],
  'ignore-groups': ['ci', 'system:masters', 'a b'],
  'ignore-verbs': ['get', 'watch', '*', 'read'],
  'ignore-resources': ['pods', 'x.y.z', '*', '-a', 'A', 'pods/log'],
  'ignore-resource-verbs': ['pods=get', 'a.b = get\tlist', 'pods', 'pods=', '=get', 'a=b=c', 'a=read'],
  'ignore-resource-names': ['pods=a', 'a.b=c  d', 'pods=', '=a', 'a=b=c'],
  'ignore-user-agents': ['k9s', 'a/*', '*', '**', '*a', 'a b'],
};
/** Entries of all kinds, with commas between them. */
const list = fc
  .array(oneOf(...new Set(Object.values(listOf).flat()), '', ' '), { minLength: 1, maxLength: 2 })
  .map((entries) => entries.join(','));

/** What people and generators write, and days that there are not. */
const schedule = fc
  .tuple(
    field(0, 59, []),
    field(0, 23, []),
    fc.oneof(field(1, 31, []), oneOf('31', '30', '29-31', '30,31')),
    fc.oneof(field(1, 12, ['jan', 'FEB', 'dec']), oneOf('2', 'feb', '2,4', '4-6/2', '2-11/9', '2/12', '11')),
    field(0, 7, ['sun', 'Mon', 'SAT']),
    oneOf(' ', '  ', '\t', '\u00a0'),
  )
  .map(([minute, hour, dayOfMonth, month, dayOfWeek, blank]) =>
    [minute, hour, dayOfMonth, month, dayOfWeek].join(blank),
  );
