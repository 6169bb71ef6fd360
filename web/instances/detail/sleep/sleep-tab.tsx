import { Button, Grid, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { sleepText as text } from '../../../text/instance-sleep.ts';
import type { InstanceView } from '../instance-view.ts';
import { SleepForm } from './sleep-form.tsx';
import { formOf, type SleepForm as Form } from './sleep-form-state.ts';
import { SleepPreview } from './sleep-preview.tsx';
import { SleepSettings } from './sleep-settings.tsx';
import { SleepUsage } from './sleep-usage.tsx';
import { triedPolicy } from './tried-policy.ts';

/** When it sleeps and who says so, what that saves, and what another policy would. */
export default function SleepTab({ target, instance }: InstanceView) {
  const [form, setForm] = useState<Form>();
  const { sleepPolicy = {}, canUpdate } = instance.status ?? {};
  return (
    <Grid gap={{ base: 'lg', md: 40 }}>
      <Grid.Col span={{ base: 12, md: 7 }}>
        <section>
          <Group justify="space-between" mb="xs" gap="sm">
            <Title order={2}>{form === undefined ? text.policy : text.form}</Title>
            {form === undefined && (
              <Button variant="default" onClick={() => setForm(formOf(instance))}>
                {canUpdate === true ? text.change : text.tryOne}
              </Button>
            )}
          </Group>
          <Text size="sm" c="dimmed" mb="sm">
            {text.policyWhy}
          </Text>
          {form === undefined ? (
            <SleepSettings policy={sleepPolicy} />
          ) : (
            <SleepForm
              target={target}
              instance={instance}
              form={form}
              onChange={setForm}
              onClose={() => setForm(undefined)}
            />
          )}
        </section>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Stack gap="xl">
          <SleepUsage target={target} instance={instance} />
          <SleepPreview target={target} policy={triedPolicy(form ?? formOf(instance), sleepPolicy)} />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
