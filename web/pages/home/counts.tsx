import { Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { PageLink } from '../../components/links.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { consoleKinds } from '../../server/console-kinds.ts';
import { homeText as text } from '../../text/home.ts';
import { stateText } from '../../text/states.ts';
import type { Fleet } from './use-fleet.ts';

/** How many are awake, asleep and failed now; each number leads to the list of them. */
export function Counts({ fleets }: { fleets: readonly Fleet[] }) {
  return (
    <Stack gap={4} component="section">
      <Title order={2}>{text.counts}</Title>
      <Table verticalSpacing={4} horizontalSpacing={4} withRowBorders={false} highlightOnHover={false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <VisuallyHidden>{text.kind}</VisuallyHidden>
            </Table.Th>
            <Table.Th ta="right" fw={400}>
              <StateBadge mark="good">{stateText.awake}</StateBadge>
            </Table.Th>
            <Table.Th ta="right" fw={400}>
              <StateBadge mark="asleep">{stateText.asleep}</StateBadge>
            </Table.Th>
            <Table.Th ta="right" fw={400}>
              <StateBadge mark="failed">{stateText.failed}</StateBadge>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {fleets.map(({ kind, awake, asleep, failed, isComplete, hasMoreFailed }) => (
            <Table.Tr key={kind}>
              <Table.Th scope="row" fw={400}>
                {text[kind]}
              </Table.Th>
              <Count kind={kind} phase="Ready" number={numberOf(awake, !isComplete)} />
              <Count kind={kind} phase="Sleeping" number={numberOf(asleep, !isComplete)} />
              <Count kind={kind} phase="Failed" number={`${failed.length}${hasMoreFailed ? '+' : ''}`} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

function numberOf(count: number, isMean: boolean): string {
  const shown = count.toLocaleString('en');
  return isMean ? text.about(shown) : shown;
}

function Count({ kind, phase, number }: { kind: ManagedKind; phase: string; number: string }) {
  const shown = (
    <Text span fz="lg" fw={600} style={{ fontVariantNumeric: 'tabular-nums' }}>
      {number}
    </Text>
  );
  return (
    <Table.Td ta="right">
      <PageLink to={consoleKinds[kind].pages.list} search={{ phase }} c="inherit">
        {shown}
      </PageLink>
    </Table.Td>
  );
}
