import { useId } from 'react';
import classes from './charts.module.css';
import type { Series } from './scale.ts';

/** What an area or bar of the series looks like, in small. */
export function Swatch({ series }: { series: Series }) {
  const id = useId();
  return (
    <svg width={12} height={12} className={classes['swatch']} aria-hidden>
      {series.isHatched === true && <Hatch id={id} color={series.color} />}
      <rect width={12} height={12} rx={2} fill={fillOf(series, id)} />
    </svg>
  );
}

/** The pattern that a hatched series is filled with. */
export function Hatch({ id, color }: { id: string; color: string }) {
  return (
    <defs>
      <pattern id={id} width={5} height={5} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width={5} height={5} fill={color} />
        <line y2={5} stroke="var(--mantine-color-body)" strokeWidth={2.5} />
      </pattern>
    </defs>
  );
}

export function fillOf({ isHatched = false, color }: Series, hatch: string): string {
  return isHatched ? `url(#${hatch})` : color;
}
