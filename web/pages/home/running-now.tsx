import { Divider, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { PageLink } from '../../components/links.tsx';
import { OperationLine } from '../../components/operation-line.tsx';
import { Loaded } from '../../components/page-states.tsx';
import { openOperationsQuery } from '../../server/operations.ts';
import { homeText as text } from '../../text/home.ts';

const shown = 6;

/** Operations that run or wait, each with how far it is. */
export function RunningNow({ project }: { project: string | undefined }) {
  const query = useQuery(openOperationsQuery);
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{text.running}</Title>
      <Loaded query={query} rows={2}>
        {(all) => {
          const open = all.filter((one) => project === undefined || one.project === project);
          if (open.length === 0) return <Text c="dimmed">{text.nothingRuns}</Text>;
          // What runs is of more interest than what waits.
          const sorted = open.toSorted(
            (a, b) => Number(b.state === 'running') - Number(a.state === 'running'),
          );
          return (
            <Stack gap="xs">
              {sorted.slice(0, shown).map((operation, index) => (
                <Fragment key={operation.id}>
                  {index > 0 && <Divider />}
                  <OperationLine operation={operation} />
                </Fragment>
              ))}
              {open.length > shown && (
                <PageLink to="/operations" search={{ state: 'queued,running' }} size="sm">
                  {text.allRunning(open.length)}
                </PageLink>
              )}
            </Stack>
          );
        }}
      </Loaded>
    </Stack>
  );
}
