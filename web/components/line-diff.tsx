import { Box, VisuallyHidden } from '@mantine/core';
import { useMemo } from 'react';
import { diffText as text } from '../text/diff.ts';
import { type DiffLine, diffLines } from './diff-lines.ts';
import classes from './line-diff.module.css';

/** Lines around a change that are shown though they are the same. */
const around = 3;

/** Two texts compared line by line; long parts that are the same are left out. */
export function LineDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  if (lines.every(({ mark }) => mark === ' ')) return <p>{text.same}</p>;
  return (
    <Box className={classes['diff']} role="region" aria-label={label} tabIndex={0}>
      {shownLines(lines).map((line, index) =>
        typeof line === 'number' ? (
          <div key={index} className={classes['gap']}>
            {text.left(line)}
          </div>
        ) : (
          <div key={index} data-mark={line.mark}>
            <span aria-hidden>{line.mark} </span>
            {line.mark !== ' ' && (
              <VisuallyHidden>{line.mark === '+' ? text.added : text.removed} </VisuallyHidden>
            )}
            {line.text}
          </div>
        ),
      )}
    </Box>
  );
}

/** Lines near a change; for each part between them how many lines it has. */
function shownLines(lines: readonly DiffLine[]): (DiffLine | number)[] {
  const isNear = lines.map((_line, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ mark }) => mark !== ' '),
  );
  const shown: (DiffLine | number)[] = [];
  for (const [index, line] of lines.entries()) {
    const last = shown.at(-1);
    if (isNear[index] === true) shown.push(line);
    else if (typeof last === 'number') shown[shown.length - 1] = last + 1;
    else shown.push(1);
  }
  return shown;
}
