import { Group, Stack, Text, ThemeIcon, Title, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { CommandBox } from '../../components/command-box.tsx';
import { ButtonLink } from '../../components/links.tsx';
import { homeText } from '../../text/home.ts';
import type { FirstSteps } from './use-first-steps.ts';

const text = homeText.first;

/** What one does first on a new platform; each step ticks itself off. */
export function FirstStepsList({ steps, isEmpty }: { steps: FirstSteps; isEmpty: boolean }) {
  const { tenantCluster } = steps;
  return (
    <Stack gap="md" component="section" maw={720}>
      <Title order={2}>{isEmpty ? text.welcome : text.goOn}</Title>
      <Stack gap="lg" component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
        <Step isDone={steps.hasInstance} title={text.create} why={text.createWhy}>
          <ButtonLink to="/tenant-clusters/new" {...look(steps.hasInstance)}>
            {text.createButton}
          </ButtonLink>
        </Step>
        <Step isDone={steps.isUsed} title={text.kubectl} why={text.kubectlWhy}>
          <CommandBox
            title=""
            command={`vcp login ${location.origin}\nvcp connect vcluster ${tenantCluster?.name ?? 'NAME'} --project ${tenantCluster?.project ?? 'PROJECT'}\nkubectl get namespaces`}
          />
        </Step>
        {steps.mayConnect && (
          <Step isDone={steps.hasCluster} title={text.cluster} why={text.clusterWhy}>
            <ButtonLink to="/clusters" {...look(true)}>
              {text.clusterButton}
            </ButtonLink>
          </Step>
        )}
        {steps.mayInvite && (
          <Step isDone={steps.hasPeople} title={text.people} why={text.peopleWhy}>
            <ButtonLink to="/users" {...look(true)}>
              {text.peopleButton}
            </ButtonLink>
          </Step>
        )}
      </Stack>
    </Stack>
  );
}

function look(isSecond: boolean) {
  return { size: 'xs', variant: isSecond ? 'default' : 'filled' } as const;
}

function Step({
  isDone,
  title,
  why,
  children,
}: {
  isDone: boolean;
  title: string;
  why: string;
  children: ReactNode;
}) {
  return (
    <Group component="li" align="flex-start" wrap="nowrap" gap="sm">
      <ThemeIcon variant={isDone ? 'filled' : 'default'} color="green.9" radius="xl" size="md" aria-hidden>
        {isDone ? <IconCheck size={16} /> : <IconCircle size={10} />}
      </ThemeIcon>
      <Stack gap={6} align="flex-start" style={{ flex: 1 }} miw={0}>
        <div>
          <Title order={3}>
            {title}
            <VisuallyHidden>: {isDone ? text.done : text.open}</VisuallyHidden>
          </Title>
          <Text size="sm" c="dimmed">
            {why}
          </Text>
        </div>
        {!isDone && <div style={{ maxWidth: '100%' }}>{children}</div>}
      </Stack>
    </Group>
  );
}
