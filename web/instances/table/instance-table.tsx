import { useMediaQuery } from '@mantine/hooks';
import { type CSSProperties, useMemo } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { useIsAdministrator } from '../../components/use-is-administrator.ts';
import type { Row } from '../../server/instances.ts';
import { listText } from '../../text/instances.ts';
import { DataTable, type Selection } from '../../components/data-table.tsx';
import { useInstanceActions } from '../actions/use-instance-actions.tsx';
import { useIsNarrow } from '../../components/table-width.tsx';
import {
  cardColumns,
  type ColumnKey,
  instanceColumns,
  leastWidth,
  type Room,
  usualColumns,
} from './instance-columns.tsx';
import classes from './instance-table.module.css';

const rowHeight = 52;
const cardHeight = 90;

export function rowKeyOf({ project, name }: Row): string {
  return `${project}/${name}`;
}

/** How much room there is for columns. */
export function useRoom(): Room {
  const isWide = useMediaQuery('(min-width: 94em)', false, { getInitialValueInEffect: false });
  const isWidest = useMediaQuery('(min-width: 106em)', false, { getInitialValueInEffect: false });
  if (isWidest) return 'widest';
  return isWide ? 'wide' : 'usual';
}

/** Rows of tenant clusters or spaces, with what one can do with each; cards on phones. */
export function InstanceTable({
  kind,
  rows,
  shown,
  hasProject = true,
  sort,
  onSort,
  hasMore,
  hasFailed,
  onMore,
  selection,
  height,
}: {
  kind: ManagedKind;
  rows: readonly Row[];
  /** Columns besides the name; left out: the usual ones. */
  shown?: readonly ColumnKey[];
  /** Whether the project is said of each. */
  hasProject?: boolean;
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  hasMore: boolean;
  /** Whether reading failed. */
  hasFailed: boolean;
  onMore: () => void;
  selection?: Selection;
  height?: string;
}) {
  const isNarrow = useIsNarrow();
  const room = useRoom();
  const linksClusters = useIsAdministrator();
  const { start, dialog } = useInstanceActions();
  const keys = useMemo(() => shown ?? usualColumns(kind, room), [shown, kind, room]);
  const columns = useMemo(
    () =>
      isNarrow
        ? cardColumns(kind, start)
        : instanceColumns({ kind, shown: keys, hasProject, linksClusters, start }),
    [isNarrow, kind, keys, hasProject, linksClusters, start],
  );
  const width = isNarrow ? 0 : leastWidth(keys);
  return (
    <div className={classes['instances']} style={{ '--instances-width': `${width}px` } as CSSProperties}>
      <DataTable
        label={listText.title(kind)}
        columns={columns}
        rows={rows}
        rowKey={rowKeyOf}
        rowHeight={isNarrow ? cardHeight : rowHeight}
        sort={sort}
        hasMore={hasMore}
        hasFailed={hasFailed}
        onMore={onMore}
        {...(onSort === undefined ? {} : { onSort })}
        {...(selection === undefined ? {} : { selection })}
        {...(height === undefined ? {} : { height })}
      />
      {dialog}
    </div>
  );
}
