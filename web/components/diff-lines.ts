/** A line of two texts that are compared: in both, in the first only, or in the second only. */
export interface DiffLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Beyond it a comparison line by line takes a browser too long. */
const mostCells = 4_000_000;

/** What has to go and to come so that `before` becomes `after`: a longest common subsequence of their lines. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end += 1;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return [
    ...marked(' ', a.slice(0, start)),
    ...(left.length * right.length > mostCells
      ? [...marked('-', left), ...marked('+', right)]
      : between(left, right)),
    ...marked(' ', a.slice(a.length - end)),
  ];
}

function marked(mark: DiffLine['mark'], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ mark, text }));
}

function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  const width = b.length + 1;
  // Length of the longest common subsequence of what follows each pair of places.
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: ' ', text: a[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: '-', text: a[i] ?? '' });
      i += 1;
    } else {
      lines.push({ mark: '+', text: b[j] ?? '' });
      j += 1;
    }
  }
  return lines;
}
