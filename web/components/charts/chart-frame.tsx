import { ActionIcon, Group, Text, Title, Tooltip } from '@mantine/core';
import { IconChartBar, IconTable } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';
import { chartsText as text } from '../../text/charts.ts';
import { ChartTable } from './chart-table.tsx';
import classes from './charts.module.css';
import type { Point, Series } from './scale.ts';
import { Swatch } from './swatch.tsx';

/** A chart with its title, what its colours mean, and the same as a table. */
export function ChartFrame({
  title,
  series,
  points,
  timeText,
  onPick,
  children,
}: {
  title: string;
  series: readonly Series[];
  points: readonly Point[];
  timeText: (at: number) => string;
  onPick?: ((index: number) => void) | undefined;
  children: ReactNode;
}) {
  const [isTable, setIsTable] = useState(false);
  const id = useId();
  const other = isTable ? text.asChart : text.asTable;
  return (
    <figure className={classes['figure']} aria-labelledby={id}>
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Title order={3} id={id}>
          {title}
        </Title>
        <Tooltip label={other}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`${title}: ${other}`}
            onClick={() => setIsTable(!isTable)}
          >
            {isTable ? <IconChartBar size={16} /> : <IconTable size={16} />}
          </ActionIcon>
        </Tooltip>
      </Group>
      {isTable ? (
        <ChartTable label={title} series={series} points={points} timeText={timeText} onPick={onPick} />
      ) : (
        <>
          {children}
          <Legend series={series} />
        </>
      )}
    </figure>
  );
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <Group gap="md" mt={4} component="figcaption">
      {series.map((one) => (
        <Group key={one.key} gap={6} wrap="nowrap">
          <Swatch series={one} />
          <Text span size="xs">
            {one.title}
          </Text>
        </Group>
      ))}
    </Group>
  );
}
