import { Box, Button, Checkbox, Group, Table, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useCallback, useEffect, useRef } from 'react';
import { commonText as text } from '../text/common.ts';
import classes from './data-table.module.css';

/** One column of a {@link DataTable}. */
export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** What the server sorts by, if it does. */
  readonly sort?: string;
  /** CSS width; the others share what is left. */
  readonly width?: string | number;
  readonly align?: 'left' | 'right';
}

/** Which rows are chosen, by their keys. */
export interface Selection {
  readonly selected: ReadonlySet<string>;
  readonly onChange: (selected: ReadonlySet<string>) => void;
}

const usualRowHeight = 44;
/** As many rows below the last one in view, and more are asked for. */
const fewLeft = 20;

/**
 * A table of any length: only the rows in view are in the document. Below its last row it asks for more.
 * @param columns the same array from one time to the next, so that scrolling draws new rows only
 * @param sort field that it is sorted by, `-` in front for the last first, as the REST API has it
 * @param rowHeight of every row, in pixels
 */
export function DataTable<T>({
  label,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  onMore,
  hasMore = false,
  hasFailed = false,
  selection,
  height = 'calc(100dvh - 250px)',
  rowHeight = usualRowHeight,
}: {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  onMore?: () => void;
  hasMore?: boolean;
  /** Whether reading failed: then it asks for more only when somebody wants that. */
  hasFailed?: boolean;
  selection?: Selection;
  height?: string;
  rowHeight?: number;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => rowKey(rows[index] as T),
  });
  const items = virtual.getVirtualItems();
  const left = rows.length - (items.at(-1)?.index ?? 0);
  useMore({ hasMore, hasFailed, left, onMore });
  const select = useSelect(selection);
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const span = columns.length + (selection === undefined ? 0 : 1);
  return (
    <Box
      ref={scroller}
      className={classes['scroller']}
      style={{ maxHeight: height }}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <Table className={classes['table']} stickyHeader aria-rowcount={hasMore ? -1 : rows.length + 1}>
        <Table.Thead>
          <Table.Tr>
            {selection !== undefined && <SelectAll rows={rows} rowKey={rowKey} selection={selection} />}
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Filler height={before} span={span} />
          {items.map(({ index, key }) => {
            const row = rows[index] as T;
            const id = String(key);
            return (
              <MemoRow
                key={id}
                id={id}
                index={index}
                row={row}
                columns={columns as readonly Column<unknown>[]}
                height={rowHeight}
                isSelected={selection?.selected.has(id)}
                onSelect={select}
              />
            );
          })}
          <Filler height={after} span={span} />
        </Table.Tbody>
      </Table>
      <Foot hasMore={hasMore} hasFailed={hasFailed} onMore={onMore} />
    </Box>
  );
}

/** Asks for more, again whenever less is left, while it is due. */
function useMore({ hasMore, hasFailed, left, onMore }: More & { readonly left: number }): void {
  useEffect(() => {
    if (hasMore && !hasFailed && left <= fewLeft) onMore?.();
  }, [hasMore, hasFailed, left, onMore]);
}

interface More {
  readonly hasMore: boolean;
  readonly hasFailed: boolean;
  readonly onMore: (() => void) | undefined;
}

/** Below the last row: more is read, or could not be. */
function Foot({ hasMore, hasFailed, onMore }: More) {
  if (!hasMore) return null;
  return hasFailed ? <MoreFailed onMore={onMore} /> : <LoadingMore />;
}

function LoadingMore() {
  return (
    <Text size="sm" c="dimmed" p="xs" role="status">
      {text.loading}
    </Text>
  );
}

function MoreFailed({ onMore }: { onMore: (() => void) | undefined }) {
  return (
    <Group gap="xs" p="xs" role="alert">
      <Text size="sm">{text.moreFailed}</Text>
      <Button size="compact-sm" variant="default" onClick={onMore}>
        {text.tryAgain}
      </Button>
    </Group>
  );
}

/** Rows that are not in the document, as one empty one. */
function Filler({ height, span }: { height: number; span: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={span} style={{ height, padding: 0 }} />
    </tr>
  );
}

function Head<T>({
  column: { title, sort: field, width, align = 'left' },
  sort,
  onSort,
}: {
  column: Column<T>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}) {
  const isUp = field !== undefined && sort === field;
  const isDown = field !== undefined && sort === `-${field}`;
  const order = isUp ? 'ascending' : isDown ? 'descending' : 'none';
  const style = width === undefined ? {} : { width };
  if (field === undefined || onSort === undefined)
    return (
      <Table.Th ta={align} style={style}>
        {title}
      </Table.Th>
    );
  return (
    <Table.Th ta={align} style={style} aria-sort={order}>
      <UnstyledButton className={classes['sort']} onClick={() => onSort(isUp ? `-${field}` : field)}>
        {title}
        {isUp && <IconChevronUp size={14} aria-hidden />}
        {isDown && <IconChevronDown size={14} aria-hidden />}
      </UnstyledButton>
    </Table.Th>
  );
}

function SelectAll<T>({
  rows,
  rowKey,
  selection: { selected, onChange },
}: {
  rows: readonly T[];
  rowKey: (row: T) => string;
  selection: Selection;
}) {
  const isAll = rows.length > 0 && rows.every((row) => selected.has(rowKey(row)));
  return (
    <Table.Th w={40}>
      <Checkbox
        size="xs"
        aria-label="Select all rows"
        checked={isAll}
        indeterminate={!isAll && selected.size > 0}
        onChange={() => onChange(new Set(isAll ? [] : rows.map(rowKey)))}
      />
    </Table.Th>
  );
}

/** How to choose a row; stays the same function. */
function useSelect(selection: Selection | undefined) {
  const latest = useRef(selection);
  useEffect(() => {
    latest.current = selection;
  }, [selection]);
  return useCallback((id: string, isSelected: boolean) => {
    const next = new Set(latest.current?.selected);
    if (isSelected) next.add(id);
    else next.delete(id);
    latest.current?.onChange(next);
  }, []);
}

interface RowProps {
  readonly id: string;
  readonly index: number;
  readonly row: unknown;
  readonly columns: readonly Column<unknown>[];
  readonly height: number;
  /** Undefined: rows cannot be chosen. */
  readonly isSelected: boolean | undefined;
  readonly onSelect: (id: string, isSelected: boolean) => void;
}

const MemoRow = memo(function Row({ id, index, row, columns, height, isSelected, onSelect }: RowProps) {
  return (
    <Table.Tr
      aria-rowindex={index + 2}
      h={height}
      data-row={id}
      {...(isSelected === true ? { 'data-selected': true } : {})}
    >
      {isSelected !== undefined && (
        <Table.Td>
          <Checkbox
            size="xs"
            aria-label={`Select ${id}`}
            checked={isSelected}
            onChange={({ currentTarget }) => onSelect(id, currentTarget.checked)}
          />
        </Table.Td>
      )}
      {columns.map((column) => (
        <Table.Td key={column.key} ta={column.align ?? 'left'}>
          {column.cell(row)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
});
