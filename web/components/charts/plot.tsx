import { Box, Group, Text, UnstyledButton } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { type PointerEvent, type ReactNode, useState } from 'react';
import classes from './charts.module.css';
import { numberText, type Point, type Series, ticksTo } from './scale.ts';
import { Swatch } from './swatch.tsx';

const left = 30;
const bottom = 18;
const top = 6;

/** The place in which a chart draws, in pixels. */
export interface Area {
  readonly width: number;
  readonly y: (value: number) => number;
  /** Number of the point that is pointed at. */
  readonly pointed: number | undefined;
}

/** Axes, tooltip and size of a chart; what is in it draws `children`. */
export function Plot({
  summary,
  series,
  points,
  most,
  height = 140,
  timeText,
  labels,
  indexAt,
  xOf,
  onPick,
  children,
}: {
  /** What it shows, for those who do not see it. */
  summary: string;
  series: readonly Series[];
  points: readonly Point[];
  /** The greatest sum of the values of a point. */
  most: number;
  height?: number;
  timeText: (at: number) => string;
  /** Below it: text and place, 0 to 1. */
  labels: readonly { readonly text: string; readonly at: number }[];
  /** The point at a place, 0 to 1. */
  indexAt: (place: number) => number;
  /** The place of a point, 0 to 1. */
  xOf: (index: number) => number;
  /** What choosing a point does; each then has an equal share of the width. */
  onPick?: ((index: number) => void) | undefined;
  children: (area: Area) => ReactNode;
}) {
  const { ref, width: whole } = useElementSize();
  const [pointed, setPointed] = useState<number>();
  const width = Math.max(0, whole - left);
  const ticks = ticksTo(most);
  const highest = ticks.at(-1) ?? 1;
  const y = (value: number) => top + (height - top - bottom) * (1 - value / highest);
  const isShown = pointed !== undefined && pointed < points.length;
  const move = ({ clientX, currentTarget }: PointerEvent<HTMLDivElement>) => {
    const place = (clientX - currentTarget.getBoundingClientRect().left - left) / Math.max(1, width);
    setPointed(Math.min(points.length - 1, Math.max(0, indexAt(Math.min(1, Math.max(0, place))))));
  };
  return (
    <Box
      className={classes['plot']}
      ref={ref}
      onPointerMove={move}
      onPointerLeave={() => setPointed(undefined)}
    >
      <svg className={classes['svg']} height={height} role="img" aria-label={summary}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={classes['grid']} x1={left} x2={left + width} y1={y(tick)} y2={y(tick)} />
            <text className={classes['label']} x={left - 6} y={y(tick)} dy="0.35em" textAnchor="end">
              {numberText(tick)}
            </text>
          </g>
        ))}
        {labels.map((label) => (
          <text
            key={label.at}
            className={classes['label']}
            x={left + label.at * width}
            y={height - 4}
            textAnchor="middle"
          >
            {label.text}
          </text>
        ))}
        <g transform={`translate(${left} 0)`}>
          {width > 0 && children({ width, y, pointed: isShown ? pointed : undefined })}
        </g>
      </svg>
      {onPick !== undefined &&
        points.map((point, index) => (
          <UnstyledButton
            key={point.at}
            className={classes['pick']}
            style={{
              left: `calc(${left}px + (100% - ${left}px) * ${(index / points.length).toFixed(4)})`,
              width: width / points.length,
            }}
            aria-label={`${timeText(point.at)}: ${series.map(({ title }, which) => `${title} ${numberText(point.values[which] ?? 0)}`).join(', ')}`}
            onClick={() => onPick(index)}
            onFocus={() => setPointed(index)}
            onBlur={() => setPointed(undefined)}
          />
        ))}
      {isShown && <Tip series={series} point={points[pointed]} timeText={timeText} place={xOf(pointed)} />}
    </Box>
  );
}

/** The values at the place that is pointed at, beside it. */
function Tip({
  series,
  point,
  timeText,
  place,
}: {
  series: readonly Series[];
  point: Point | undefined;
  timeText: (at: number) => string;
  place: number;
}) {
  if (point === undefined) return null;
  const at = `calc(${left}px + (100% - ${left}px) * ${place.toFixed(4)}`;
  const style = place < 0.5 ? { left: `${at} + 10px)` } : { right: `calc(100% - ${at} - 10px))` };
  return (
    <div className={classes['tip']} style={style}>
      <Text size="xs" fw={600}>
        {timeText(point.at)}
      </Text>
      {series.map((one, index) => (
        <Group key={one.key} gap={6} wrap="nowrap">
          <Swatch series={one} />
          <span>
            {one.title}: {numberText(point.values[index] ?? 0)}
          </span>
        </Group>
      ))}
    </div>
  );
}
