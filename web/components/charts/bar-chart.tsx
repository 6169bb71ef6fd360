import { useId } from 'react';
import { ChartFrame } from './chart-frame.tsx';
import { type Area, Plot } from './plot.tsx';
import { type Point, type Series, stacked, sumOf } from './scale.ts';
import { fillOf, Hatch } from './swatch.tsx';

const widestBar = 36;

/** How many there were in each time, the kinds on each other. @param onPick what a click on a bar, or on its row in the table, does */
export function BarChart({
  title,
  summary,
  series,
  points,
  timeText,
  labelText,
  onPick,
}: {
  title: string;
  summary: string;
  series: readonly Series[];
  points: readonly Point[];
  timeText: (at: number) => string;
  /** What stands below a bar. */
  labelText: (at: number) => string;
  onPick?: (index: number) => void;
}) {
  const count = Math.max(1, points.length);
  const xOf = (index: number) => (index + 0.5) / count;
  return (
    <ChartFrame title={title} series={series} points={points} timeText={timeText} onPick={onPick}>
      <Plot
        summary={summary}
        series={series}
        points={points}
        most={Math.max(1, ...points.map(({ values }) => sumOf(values)))}
        timeText={timeText}
        labels={points.map(({ at }, index) => ({ text: labelText(at), at: xOf(index) }))}
        indexAt={(place) => Math.floor(place * count)}
        xOf={xOf}
        onPick={onPick}
      >
        {(area) => <Bars series={series} points={points} area={area} />}
      </Plot>
    </ChartFrame>
  );
}

function Bars({
  series,
  points,
  area: { width, y, pointed },
}: {
  series: readonly Series[];
  points: readonly Point[];
  area: Area;
}) {
  const id = useId();
  const each = width / Math.max(1, points.length);
  const bar = Math.max(2, Math.min(widestBar, each * 0.62));
  return (
    <>
      {series.map(
        ({ key, color, isHatched }) =>
          isHatched === true && <Hatch key={key} id={`${id}${key}`} color={color} />,
      )}
      {points.map(({ at, values }, index) => (
        <g key={at} opacity={pointed === undefined || pointed === index ? 1 : 0.55}>
          {stacked(values).map(([below, above], which) => {
            const one = series[which];
            if (one === undefined || above === below) return null;
            return (
              <rect
                key={one.key}
                x={each * (index + 0.5) - bar / 2}
                width={bar}
                y={y(above)}
                height={Math.max(1, y(below) - y(above))}
                fill={fillOf(one, `${id}${one.key}`)}
              />
            );
          })}
        </g>
      ))}
    </>
  );
}
