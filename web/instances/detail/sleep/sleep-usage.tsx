import { Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { UsageTimes } from '../../../../contracts/rest/usage-routes.ts';
import { rest } from '../../../server/rest.ts';
import { sleepText as text } from '../../../text/instance-sleep.ts';
import { Loaded } from '../../../components/page-states.tsx';
import type { InstanceView } from '../instance-view.ts';
import { hoursText } from './hours.ts';

/** How long it was awake and asleep. */
export function SleepUsage({ target: { kind, project, name }, instance }: InstanceView) {
  const { uid } = instance.metadata;
  const usage = useQuery({
    queryKey: ['usage', kind, project, name, uid],
    staleTime: 60_000,
    queryFn: async () => {
      const { items } = await rest.listUsage({ query: { project, kind, search: name } });
      return items.find((item) => item.uid === uid) ?? null;
    },
  });
  return (
    <section>
      <Title order={2} mb="sm">
        {text.usage}
      </Title>
      <Loaded query={usage} rows={2}>
        {(item) =>
          item === null ? (
            <Text c="dimmed">{text.usageNone}</Text>
          ) : (
            <Stack gap="sm">
              <Part title={text.sevenDays} times={item.lastSevenDays} />
              <Part title={text.thirtyDays} times={item.lastThirtyDays} />
            </Stack>
          )
        }
      </Loaded>
    </section>
  );
}

function Part({
  title,
  times: { sleptPercent, asleepSeconds, awakeSeconds },
}: {
  title: string;
  times: UsageTimes;
}) {
  return (
    <div>
      <Text size="sm" fw={500}>
        {title}
      </Text>
      <Progress value={sleptPercent} color="indigo" aria-label={title} my={4} />
      <Text size="sm" c="dimmed">
        {text.slept(sleptPercent, hoursText(asleepSeconds), hoursText(awakeSeconds))}
      </Text>
    </div>
  );
}
