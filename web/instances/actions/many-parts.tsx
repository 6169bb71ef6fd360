import { Alert, Group, List, Progress as Bar, ScrollArea, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { type InstanceName, previewQuery } from '../../server/instances.ts';
import { manyText as text } from '../../text/instances.ts';
import type { Progress } from './use-many.ts';

const mostPreviews = 20;

/** Pods that a sleep ends and nothing makes again, of the first of many. */
export function Losses({ targets }: { targets: readonly InstanceName[] }) {
  const losses = useQueries({
    queries: targets.slice(0, mostPreviews).map((target) => previewQuery(target, { type: 'sleep' })),
    combine: (answers) =>
      answers.flatMap(({ data }, index) =>
        data?.loses === undefined ? [] : [{ name: targets[index]?.name ?? '', count: data.loses.count }],
      ),
  });
  if (losses.length === 0) return null;
  const count = losses.reduce((sum, loss) => sum + loss.count, 0);
  return <Alert color="red">{text.loses(count, losses.map(({ name }) => name).join(', '))}</Alert>;
}

/** How far it is, while it runs. */
export function ManyProgress({
  progress: { done, all, isRunning },
  label,
}: {
  progress: Progress;
  label: string;
}) {
  if (!isRunning) return null;
  return (
    <Group gap="xs" wrap="nowrap" role="status">
      <Bar value={(done / all) * 100} style={{ flex: 1 }} aria-label={label} />
      <Text size="sm">{text.progress(done, all)}</Text>
    </Group>
  );
}

/** Which were refused, and why. */
export function Refusals({ progress: { refusals, all, done, isRunning } }: { progress: Progress }) {
  return (
    <>
      {!isRunning && done < all && <Text>{text.stopped(all - done)}</Text>}
      {refusals.length > 0 && (
        <Alert color="red" role="alert" title={text.failed(refusals.length, all)}>
          <ScrollArea.Autosize mah={220}>
            <List size="sm" spacing={4} style={{ overflowWrap: 'anywhere' }}>
              {refusals.map(({ target: { project, name }, why }) => (
                <List.Item key={`${project}/${name}`}>
                  <b>{name}</b>: {why}
                </List.Item>
              ))}
            </List>
          </ScrollArea.Autosize>
        </Alert>
      )}
    </>
  );
}
