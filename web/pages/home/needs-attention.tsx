import { Button, Divider, Stack, Title } from '@mantine/core';
import { Children, type ReactNode, useState } from 'react';
import { useInstanceActions } from '../../instances/actions/use-instance-actions.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { homeText as text } from '../../text/home.ts';
import { ClusterLine, FailedOperationLine, FailedRowLine, KeyLine, StuckLine } from './attention-lines.tsx';
import { type Attention, useAttention } from './use-attention.ts';
import type { Fleet } from './use-fleet.ts';

const shownFirst = 8;

/** What somebody should look at, the worst first, each with the next thing to do. */
export function NeedsAttention({
  fleets,
  project,
}: {
  fleets: readonly Fleet[];
  project: string | undefined;
}) {
  const attention = useAttention(fleets, project);
  const { start, dialog } = useInstanceActions();
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{text.attention}</Title>
      <Lines>{linesOf(attention, start)}</Lines>
      {dialog}
    </Stack>
  );
}

function linesOf(attention: Attention, start: Parameters<typeof FailedRowLine>[0]['start']): ReactNode[] {
  const { failed, failedOperations, stuck, away, keys } = attention;
  return [
    ...away.map((cluster) => <ClusterLine key={`cluster/${cluster.metadata.name}`} cluster={cluster} />),
    ...failed.map(({ kind, row }) => (
      <FailedRowLine key={`${kind}/${row.project}/${row.name}`} kind={kind} row={row} start={start} />
    )),
    ...stuck.map((operation) => <StuckLine key={operation.id} operation={operation} />),
    ...failedOperations.map((operation) => <FailedOperationLine key={operation.id} operation={operation} />),
    ...keys.map((one) => <KeyLine key={`key/${one.accessKey.metadata.name}`} {...one} />),
  ];
}

function Lines({ children }: { children: ReactNode }) {
  const [isWhole, setIsWhole] = useState(false);
  const lines = Children.toArray(children);
  if (lines.length === 0) return <StateBadge mark="done">{text.allWell}</StateBadge>;
  const shown = isWhole ? lines : lines.slice(0, shownFirst);
  return (
    <Stack gap="xs">
      {shown.map((line, index) => (
        // eslint-disable-next-line react/no-array-index-key -- The divider has no state; the lines have keys of their own.
        <Stack key={index} gap="xs">
          {index > 0 && <Divider />}
          {line}
        </Stack>
      ))}
      {shown.length < lines.length && (
        <Button
          variant="subtle"
          size="xs"
          onClick={() => setIsWhole(true)}
          style={{ alignSelf: 'flex-start' }}
        >
          {text.more(lines.length - shown.length)}
        </Button>
      )}
    </Stack>
  );
}
