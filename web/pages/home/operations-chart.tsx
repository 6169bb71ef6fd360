import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { OperationHistory } from '../../../contracts/rest/history-routes.ts';
import { BarChart } from '../../components/charts/bar-chart.tsx';
import { numberText, type Point, type Series } from '../../components/charts/scale.ts';
import { Loaded } from '../../components/page-states.tsx';
import { daysAgo, operationHistoryQuery } from '../../server/histories.ts';
import { homeText as text } from '../../text/home.ts';
import { stateText } from '../../text/states.ts';

const days = 6;
const series: readonly Series[] = [
  { key: 'succeeded', title: stateText.succeeded, color: 'var(--vcp-busy)' },
  { key: 'cancelled', title: stateText.cancelled, color: 'var(--mantine-color-gray-5)' },
  { key: 'failed', title: stateText.failed, color: 'var(--vcp-failed)', isHatched: true },
];
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });

/** How many operations ended on each day of the reader's week, and how; a day leads to its operations. */
export function OperationsChart({ project }: { project: string | undefined }) {
  const query = useQuery(operationHistoryQuery({ project, from: daysAgo(days) }));
  const navigate = useNavigate();
  return (
    <Loaded query={query} rows={4}>
      {(history) => {
        const points = byDay(history);
        const { succeeded, failed, cancelled } = history.total;
        if (succeeded + failed + cancelled === 0) return <Text c="dimmed">{text.noOperations}</Text>;
        return (
          <BarChart
            title={text.operationsChart}
            summary={text.operationsSummary(numberText(succeeded + failed + cancelled), numberText(failed))}
            series={series}
            points={points}
            timeText={(at) => day.format(at)}
            labelText={(at) => weekday.format(at)}
            onPick={(index) => {
              const from = daysAgo(days - index);
              const to = daysAgo(days - index - 1);
              void navigate({
                to: '/operations',
                search: { ...(project === undefined ? {} : { project }), from, to },
              });
            }}
          />
        );
      }}
    </Loaded>
  );
}

/** Hours of the server, as days of the reader. */
function byDay({ buckets }: OperationHistory): Point[] {
  return Array.from({ length: days + 1 }, (_, index) => {
    const at = Date.parse(daysAgo(days - index));
    const end = Date.parse(daysAgo(days - index - 1));
    const ofDay = buckets.filter((bucket) => Date.parse(bucket.at) >= at && Date.parse(bucket.at) < end);
    const sum = (field: 'succeeded' | 'cancelled' | 'failed') =>
      ofDay.reduce((total, bucket) => total + bucket[field], 0);
    return { at, values: [sum('succeeded'), sum('cancelled'), sum('failed')] };
  });
}
