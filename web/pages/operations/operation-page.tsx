import { Grid, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Operation } from '../../../contracts/operations.ts';
import { ButtonLink, PageLink } from '../../components/links.tsx';
import { OperationSteps } from '../../components/operation-steps.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { operationQuery } from '../../server/operations.ts';
import { RequestFailure } from '../../server/problem.ts';
import { operationPageText as text, stepText } from '../../text/operations.ts';
import { OperationFacts } from './operation-facts.tsx';
import { OperationHead } from './operation-head.tsx';
import { OperationNotices } from './operation-notices.tsx';
import { OperationTotals } from './operation-totals.tsx';
import { WayOn } from './way-on.tsx';

const route = getRouteApi('/operations/$id');

/** One operation as a story: what, by whom, how far, what went wrong, and how to go on. */
export default function Page() {
  const { id } = route.useParams();
  const query = useQuery(operationQuery(id));
  if (
    query.data === undefined &&
    query.error instanceof RequestFailure &&
    [400, 404].includes(query.error.status)
  )
    return <NotHere />;
  return <Loaded query={query}>{(operation) => <OperationStory operation={operation} />}</Loaded>;
}

function OperationStory({ operation }: { operation: Operation }) {
  return (
    <>
      <OperationHead operation={operation} />
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="md">
            <OperationNotices operation={operation} />
            <OperationTotals operation={operation} />
            <section>
              <Title order={2} mb="sm">
                {stepText.title}
              </Title>
              <OperationSteps operation={operation} />
            </section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="lg">
            <WayOn operation={operation} />
            <OperationFacts operation={operation} />
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

function NotHere() {
  return (
    <>
      <PageHead title={text.one} back={<PageLink to="/operations">{text.all}</PageLink>} />
      <Empty title={text.notHere} action={<ButtonLink to="/operations">{text.all}</ButtonLink>}>
        {text.notHereWhy}
      </Empty>
    </>
  );
}
