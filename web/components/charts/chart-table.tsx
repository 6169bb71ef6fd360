import { Anchor, Box, Table } from '@mantine/core';
import { chartsText as text } from '../../text/charts.ts';
import classes from './charts.module.css';
import { numberText, type Point, type Series } from './scale.ts';

/** What a chart shows, as numbers; the newest first. */
export function ChartTable({
  label,
  series,
  points,
  timeText,
  onPick,
}: {
  label: string;
  series: readonly Series[];
  points: readonly Point[];
  timeText: (at: number) => string;
  onPick?: ((index: number) => void) | undefined;
}) {
  return (
    <Box className={classes['rows']} role="region" aria-label={label} tabIndex={0}>
      <Table stickyHeader verticalSpacing={2}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.time}</Table.Th>
            {series.map(({ key, title }) => (
              <Table.Th key={key} ta="right">
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {points
            .map(({ at, values }, index) => (
              <Table.Tr key={at}>
                <Table.Td>
                  {onPick === undefined ? (
                    timeText(at)
                  ) : (
                    <Anchor component="button" type="button" inherit onClick={() => onPick(index)}>
                      {timeText(at)}
                    </Anchor>
                  )}
                </Table.Td>
                {series.map(({ key }, which) => (
                  <Table.Td key={key} ta="right">
                    {numberText(values[which] ?? 0)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))
            .toReversed()}
        </Table.Tbody>
      </Table>
    </Box>
  );
}
