import { Alert, Progress, Stack, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDebouncedValue } from '@mantine/hooks';
import type { UsagePreview } from '../../../../contracts/rest/usage-routes.ts';
import { kindNames } from '../../../../contracts/kinds.ts';
import { consoleKinds } from '../../../server/console-kinds.ts';
import { rest } from '../../../server/rest.ts';
import { sleepText as text } from '../../../text/instance-sleep.ts';
import { Age } from '../../../components/age.tsx';
import { CommandBox } from '../../../components/command-box.tsx';
import { LoadingRows } from '../../../components/page-states.tsx';
import { shellWord } from '../../../components/shell-word.ts';
import type { InstanceView } from '../instance-view.ts';
import { hoursText } from './hours.ts';
import type { TriedPolicy } from './tried-policy.ts';

/** What a policy would have saved in the last 30 days. */
export function SleepPreview({
  target,
  policy,
}: Pick<InstanceView, 'target'> & { policy: TriedPolicy | undefined }) {
  const { kind, project, name } = target;
  const [tried] = useDebouncedValue(policy, 400);
  const { data, error } = useQuery({
    queryKey: ['usage-preview', kind, project, name, tried],
    enabled: tried !== undefined,
    placeholderData: keepPreviousData,
    queryFn: () => rest.previewUsage({ query: { project, [kindNames[kind].field]: name, ...tried } }),
  });
  return (
    <section>
      <Title order={2} mb="xs">
        {text.preview}
      </Title>
      {policy === undefined || tried === undefined ? (
        <Text c="dimmed">{text.previewEmpty}</Text>
      ) : (
        <Stack gap="sm" aria-live="polite">
          <Text size="sm" c="dimmed">
            {text.previewWhy}
          </Text>
          {error !== null && <Alert color="red">{error.message}</Alert>}
          {error === null && (data === undefined ? <LoadingRows rows={3} /> : <Saved preview={data} />)}
          <CommandBox command={previewCommand(target, tried)} />
        </Stack>
      )}
    </section>
  );
}

function Saved({ preview: { total, useRecordedSince } }: { preview: UsagePreview }) {
  const { awakeSeconds, awakeUnderPolicySeconds, savedSeconds, wakesByUse } = total;
  const longest = Math.max(awakeSeconds, awakeUnderPolicySeconds, 1);
  return (
    <>
      <Bar label={text.wasAwake} seconds={awakeSeconds} longest={longest} color="green" />
      <Bar label={text.wouldBeAwake} seconds={awakeUnderPolicySeconds} longest={longest} color="indigo" />
      <Text fw={600}>{savedText(savedSeconds, awakeSeconds)}</Text>
      <Text>{text.wakes(wakesByUse)}</Text>
      <Text size="sm" c="dimmed">
        {useRecordedSince === undefined ? (
          text.notRecorded
        ) : (
          <>
            {text.recordedSince} <Age at={useRecordedSince} />. {text.recordedBefore}
          </>
        )}
      </Text>
    </>
  );
}

function Bar({
  label,
  seconds,
  longest,
  color,
}: {
  label: string;
  seconds: number;
  longest: number;
  color: string;
}) {
  return (
    <div>
      <Text size="sm">
        {label}: {hoursText(seconds)}
      </Text>
      <Progress value={(seconds / longest) * 100} color={color} aria-label={label} />
    </div>
  );
}

function savedText(saved: number, awake: number): string {
  if (saved < 0) return text.costs(hoursText(-saved));
  if (saved === 0) return text.savesNothing;
  return text.saves(hoursText(saved), Math.round((saved / Math.max(awake, 1)) * 100));
}

function previewCommand({ kind, project, name }: InstanceView['target'], policy: TriedPolicy): string {
  const options = {
    '--sleep-after': policy.sleepAfter,
    '--sleep-schedule': policy.sleepSchedule,
    '--wakeup-schedule': policy.wakeupSchedule,
    '--timezone': policy.timezone,
  };
  const given = Object.entries(options).flatMap(([option, value]) =>
    value === undefined ? [] : [option, shellWord(value)],
  );
  const { usageOption } = consoleKinds[kind];
  return ['vcp usage preview', ...usageOption, name, '--project', project, ...given].join(' ');
}
