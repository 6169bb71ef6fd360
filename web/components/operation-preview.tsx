import { Alert, List, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { lostPodsText } from '../../contracts/lost-pods.ts';
import type { OperationPreview as Preview } from '../../contracts/operation-preview.ts';
import { previewText as text } from '../text/operation-preview.ts';
import { PageLink } from './links.tsx';
import { durationText } from './time.ts';

/**
 * What an operation would do, as the platform judges it now: what it ends, which operations it meets, and its steps; or
 * why it would be refused. Nothing is changed.
 * @param showsSteps whether the steps are unfolded from the beginning
 */
export function OperationPreview({
  query: { data, error, isFetching },
  showsSteps = false,
}: {
  query: UseQueryResult<Preview>;
  showsSteps?: boolean;
}) {
  if (error !== null && !isFetching)
    return (
      <Alert color="yellow" title={text.refused} role="status" style={{ overflowWrap: 'anywhere' }}>
        {error.message}
      </Alert>
    );
  if (data === undefined)
    return <Skeleton height={showsSteps ? 96 : 24} role="status" aria-label={text.checking} />;
  return (
    <Stack gap="xs" aria-live="polite">
      {data.loses !== undefined && (
        <Alert color="red" style={{ overflowWrap: 'anywhere' }}>
          {text.loses(lostPodsText(data.loses))}
        </Alert>
      )}
      {data.joins !== undefined && <Met words={text.joins} operations={[data.joins]} />}
      <Met words={text.cancels} operations={data.cancels} />
      <Met words={text.supersedes} operations={data.supersedes} />
      <Met words={text.behind} operations={data.behind} />
      {data.joins === undefined && <Steps preview={data} isOpen={showsSteps} />}
    </Stack>
  );
}

/** Other operations that it meets, in words. */
function Met({
  words,
  operations,
}: {
  words: (type: string, actor: string) => string;
  operations: Preview['behind'];
}) {
  return operations.map(({ id, type, actor }) => (
    <Text key={id} size="sm">
      {words(type, actor)}{' '}
      <PageLink to="/operations/$id" params={{ id }}>
        {text.show}
      </PageLink>
    </Text>
  ));
}

function Steps({ preview: { steps, expectedMs }, isOpen }: { preview: Preview; isOpen: boolean }) {
  return (
    <details open={isOpen}>
      <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
        {text.steps(steps.length, durationText(expectedMs))}
      </Text>
      <List type="ordered" size="sm" mt={4} c="dimmed">
        {steps.map(({ key, title }) => (
          <List.Item key={key}>{title}</List.Item>
        ))}
      </List>
    </details>
  );
}
