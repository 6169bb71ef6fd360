import { Grid, Stack, Text, Title } from '@mantine/core';
import { connectText } from '../../text/instance-connect.ts';
import { Conditions } from '../../components/conditions.tsx';
import { Attention } from './attention.tsx';
import { ConnectCommands } from './connect-commands.tsx';
import { InstanceFacts } from './instance-facts.tsx';
import type { InstanceView } from './instance-view.ts';
import { LastOperations } from './last-operations.tsx';

/** What it is and how it is, at a glance. */
export function OverviewTab(view: InstanceView) {
  return (
    <Stack gap="lg">
      <Attention {...view} />
      <Grid gap={{ base: 'lg', md: 40 }}>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <InstanceFacts {...view} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="xl">
            <LastOperations {...view} />
            <Conditions conditions={view.instance.status?.conditions ?? []} />
            <ConnectSection {...view} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

function ConnectSection(view: InstanceView) {
  const { canUse } = view.instance.status ?? {};
  return (
    <section>
      <Title order={2} mb="xs">
        {connectText.boxTitle}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {canUse === true ? connectText.boxWhy : connectText.mayNotUse}
      </Text>
      {canUse === true && <ConnectCommands {...view} />}
    </section>
  );
}
