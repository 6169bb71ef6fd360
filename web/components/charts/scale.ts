/** What a chart shows of one kind, in one colour. */
export interface Series {
  readonly key: string;
  readonly title: string;
  /** CSS colour. */
  readonly color: string;
  /** Drawn with lines across, so that it is not told by its colour alone. */
  readonly isHatched?: boolean;
}

/** Values of all series at one time, or from that time on. */
export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** One for each series. */
  readonly values: readonly number[];
}

/** Round numbers from 0 to at least `most`, few of them, none of them a fraction. */
export function ticksTo(most: number): number[] {
  const rough = Math.max(1, most / 3);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough && (factor * power) % 1 === 0) ?? 10) *
      power,
  );
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

export function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The lower and upper bound of each value when they are put on each other. */
export function stacked(values: readonly number[]): [number, number][] {
  let below = 0;
  return values.map((value) => [below, (below += value)]);
}

const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function numberText(value: number): string {
  return numbers.format(value);
}
