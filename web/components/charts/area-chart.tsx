import { ChartFrame } from './chart-frame.tsx';
import classes from './charts.module.css';
import { type Area, Plot } from './plot.tsx';
import { type Point, type Series, stacked, sumOf } from './scale.ts';

/** Numbers over time, put on each other: how the parts and their sum went. Needs points at two times at least. */
export function AreaChart({
  title,
  summary,
  series,
  points,
  timeText,
  labels,
}: {
  title: string;
  summary: string;
  series: readonly Series[];
  points: readonly Point[];
  timeText: (at: number) => string;
  /** Times to name below it. */
  labels: readonly { readonly text: string; readonly at: number }[];
}) {
  const begin = points[0]?.at ?? 0;
  const end = points.at(-1)?.at ?? 1;
  const length = Math.max(1, end - begin);
  const xOf = (index: number) => ((points[index]?.at ?? begin) - begin) / length;
  return (
    <ChartFrame title={title} series={series} points={points} timeText={timeText}>
      <Plot
        summary={summary}
        series={series}
        points={points}
        most={Math.max(1, ...points.map(({ values }) => sumOf(values)))}
        timeText={timeText}
        labels={labels
          .map(({ text, at }) => ({ text, at: (at - begin) / length }))
          .filter(({ at }) => at >= 0.02 && at <= 0.98)}
        indexAt={(place) => Math.round(place * (points.length - 1))}
        xOf={xOf}
      >
        {(area) => <Areas series={series} points={points} xOf={xOf} area={area} />}
      </Plot>
    </ChartFrame>
  );
}

function Areas({
  series,
  points,
  xOf,
  area: { width, y, pointed },
}: {
  series: readonly Series[];
  points: readonly Point[];
  xOf: (index: number) => number;
  area: Area;
}) {
  const bounds = points.map(({ values }) => stacked(values));
  const place = (index: number, value: number) => `${(xOf(index) * width).toFixed(1)},${y(value).toFixed(1)}`;
  return (
    <>
      {series.map(({ key, color }, which) => {
        const upper = bounds.map((at, index) => place(index, at[which]?.[1] ?? 0));
        const lower = bounds.map((at, index) => place(index, at[which]?.[0] ?? 0)).toReversed();
        return (
          <g key={key}>
            <polygon points={[...upper, ...lower].join(' ')} fill={color} fillOpacity={0.28} />
            <polyline points={upper.join(' ')} fill="none" stroke={color} strokeWidth={1.5} />
          </g>
        );
      })}
      {pointed !== undefined && (
        <line
          className={classes['guide']}
          x1={xOf(pointed) * width}
          x2={xOf(pointed) * width}
          y1={y(0)}
          y2={6}
        />
      )}
    </>
  );
}
