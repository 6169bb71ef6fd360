import { Grid, SimpleGrid, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { usePageSearch } from '../../components/page-search.ts';
import { Empty, Failure, LoadingRows, PageHead } from '../../components/page-states.tsx';
import { projectsQuery } from '../../server/projects.ts';
import { homeText as text } from '../../text/home.ts';
import { Counts } from './counts.tsx';
import { FirstStepsList } from './first-steps.tsx';
import { NeedsAttention } from './needs-attention.tsx';
import { OperationsChart } from './operations-chart.tsx';
import { RecentChanges } from './recent-changes.tsx';
import { RunningNow } from './running-now.tsx';
import { UsageChart } from './usage-chart.tsx';
import { useFirstSteps } from './use-first-steps.ts';
import { type Fleet, useFleet } from './use-fleet.ts';

/** What needs attention, what runs, and how it went: of all projects or of the one that is chosen. */
export default function Page() {
  const [{ project }] = usePageSearch();
  const tenants = useFleet('tenant', project);
  const spaces = useFleet('space', project);
  return (
    <>
      <PageHead title={project === undefined ? text.title : text.titleOf(project)} />
      <Home tenants={tenants} spaces={spaces} project={project} />
    </>
  );
}

function Home({ tenants, spaces, project }: { tenants: Fleet; spaces: Fleet; project: string | undefined }) {
  const fleets = [tenants, spaces];
  const steps = useFirstSteps(tenants, fleets);
  const projects = useQuery(projectsQuery);
  const error = fleets.find((fleet) => fleet.error !== null)?.error ?? null;
  if (error !== null && fleets.every(({ rows }) => rows.length === 0)) return <Failure error={error} />;
  if (fleets.some(({ isLoading }) => isLoading)) return <LoadingRows rows={8} />;
  if (projects.data?.length === 0)
    return <Empty title={text.first.noProject}>{text.first.noProjectWhy}</Empty>;
  const isEmpty = fleets.every(({ rows }) => rows.length === 0);
  return (
    <Grid gap={{ base: 'xl', md: 48 }}>
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Stack gap="xl">
          {steps.areDue && (project === undefined || isEmpty) && (
            <FirstStepsList steps={steps} isEmpty={isEmpty} />
          )}
          <NeedsAttention fleets={fleets} project={project} />
          <RunningNow project={project} />
          {!isEmpty && <Charts project={project} />}
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Stack gap="xl">
          {!isEmpty && <Counts fleets={fleets} />}
          <RecentChanges project={project} />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}

function Charts({ project }: { project: string | undefined }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{text.week}</Title>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing={40} verticalSpacing="xl">
        <UsageChart project={project} />
        <OperationsChart project={project} />
      </SimpleGrid>
    </Stack>
  );
}
