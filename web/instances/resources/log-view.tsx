import { Box, Button, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { resourcesText as text } from '../../text/resources.ts';
import type { LogLine } from './log-lines.ts';
import classes from './resources.module.css';

const lineHeight = 18;
/** So near to the end one is at it, in pixels. */
const nearEnd = 40;

/** Lines of a log, only those in view in the document. It stays at the end until somebody scrolls up. */
export function LogView({
  lines,
  isWrapped,
  label,
}: {
  lines: readonly LogLine[];
  isWrapped: boolean;
  label: string;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 30,
    getItemKey: (index) => lines[index]?.number ?? index,
  });
  const height = virtual.getTotalSize();
  useEffect(() => {
    if (isAtEnd) scroller.current?.scrollTo({ top: height });
  }, [isAtEnd, height, lines]);
  // Lines are of another height now.
  useEffect(() => virtual.measure(), [isWrapped, virtual]);
  return (
    <div style={{ position: 'relative' }}>
      <Box
        ref={scroller}
        className={classes['log'] ?? ''}
        role="log"
        aria-live="off"
        aria-label={label}
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) =>
          setAtEnd(scrollHeight - scrollTop - clientHeight < nearEnd)
        }
      >
        {lines.length === 0 && (
          <Text size="sm" c="dimmed" p="xs">
            {text.logEmpty}
          </Text>
        )}
        <div style={{ position: 'relative', height }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              className={`${classes['line']} ${isWrapped ? classes['wrapped'] : ''}`}
              style={{ transform: `translateY(${start}px)` }}
            >
              {lines[index]?.text || ' '}
            </div>
          ))}
        </div>
      </Box>
      {!isAtEnd && (
        <Button size="compact-sm" pos="absolute" bottom={12} right={20} onClick={() => setAtEnd(true)}>
          {text.toEnd}
        </Button>
      )}
    </div>
  );
}
