import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { AreaChart } from '../../components/charts/area-chart.tsx';
import { numberText, type Series } from '../../components/charts/scale.ts';
import { Loaded } from '../../components/page-states.tsx';
import { daysAgo, usageHistoryQuery } from '../../server/histories.ts';
import { homeText as text } from '../../text/home.ts';
import { stateText } from '../../text/states.ts';

const days = 6;
const dayMs = 86_400_000;
const roomForLabelMs = 12 * 3_600_000;
const series: readonly Series[] = [
  { key: 'awake', title: stateText.awake, color: 'var(--vcp-good)' },
  { key: 'asleep', title: stateText.asleep, color: 'var(--vcp-asleep)' },
];
const hour = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });

/** Tenant clusters and spaces awake and asleep, hour by hour over a week. */
export function UsageChart({ project }: { project: string | undefined }) {
  const query = useQuery(usageHistoryQuery({ project, from: daysAgo(days) }));
  return (
    <Loaded query={query} rows={4}>
      {({ buckets }) => {
        const points = buckets.map(({ at, awake, asleep }) => ({
          at: Date.parse(at),
          values: [awake, asleep],
        }));
        const last = buckets.at(-1);
        if (!points.some(({ values }) => values.some((value) => value > 0)))
          return <Text c="dimmed">{text.noUsage}</Text>;
        return (
          <AreaChart
            title={text.awakeChart}
            summary={text.awakeSummary(numberText(last?.awake ?? 0), numberText(last?.asleep ?? 0))}
            series={series}
            points={points}
            timeText={(at) => hour.format(at)}
            labels={dayLabels(points.at(-1)?.at ?? 0)}
          />
        );
      }}
    </Loaded>
  );
}

/** Where the name of each day stands: in the middle of what there is of it. A beginning day has no room for one. */
function dayLabels(end: number): { at: number; text: string }[] {
  return Array.from({ length: days + 1 }, (_, index) => Date.parse(daysAgo(days - index))).flatMap(
    (begin) => {
      const length = Math.min(dayMs, end - begin);
      return length < roomForLabelMs ? [] : [{ at: begin + length / 2, text: weekday.format(begin) }];
    },
  );
}
