import type { ManagedKind, SummaryFieldOf } from '../../../contracts/kinds.ts';
import type { Row } from '../../server/instances.ts';
import { listText } from '../../text/instances.ts';
import { Age } from '../../components/age.tsx';
import type { Column } from '../../components/data-table.tsx';
import type { StartAction } from '../actions/use-instance-actions.tsx';
import {
  ActivityCell,
  CardCell,
  ClusterCell,
  NameCell,
  OwnerCell,
  PlainCell,
  SleptCell,
  StateCell,
  TemplateCell,
} from './cells.tsx';
import { RowMenu } from './row-menu.tsx';

const text = listText.column;

/** Columns that one can choose, in their order; the name and the menu are always there. */
const chosen = [
  'state',
  'template',
  'cluster',
  'kubernetes',
  'namespace',
  'slept',
  'activity',
  'owner',
  'age',
] as const;
export type ColumnKey = (typeof chosen)[number];

/** What only one of the kinds has. */
const ofOneKind: Partial<Record<ColumnKey, ManagedKind>> = { kubernetes: 'tenant', namespace: 'space' };
/** How much room there is for columns: the more, the more are shown. */
export type Room = 'usual' | 'wide' | 'widest';
/** Shown, unless they are chosen, only where there is room. */
const ofRooms: Partial<Record<ColumnKey, readonly Room[]>> = {
  owner: ['wide', 'widest'],
  age: ['wide', 'widest'],
  kubernetes: ['widest'],
  namespace: ['widest'],
};

export function columnsOf(kind: ManagedKind): readonly ColumnKey[] {
  return chosen.filter((key) => (ofOneKind[key] ?? kind) === kind);
}

export function usualColumns(kind: ManagedKind, room: Room): readonly ColumnKey[] {
  return columnsOf(kind).filter((key) => ofRooms[key]?.includes(room) ?? true);
}

const widths: Readonly<Record<ColumnKey, number>> = {
  state: 0,
  template: 124,
  cluster: 148,
  kubernetes: 110,
  namespace: 180,
  slept: 112,
  activity: 124,
  owner: 100,
  age: 104,
};
const nameWidth = 190;
const leastStateWidth = 200;
const menuWidth = 76;
const checkboxWidth = 40;

/** Narrower than this, pixels, the table is scrolled sideways. */
export function leastWidth(shown: readonly ColumnKey[]): number {
  return shown.reduce(
    (sum, key) => sum + widths[key],
    nameWidth + leastStateWidth + menuWidth + checkboxWidth,
  );
}

/** What rows of one kind only say. */
function own(row: Row, field: SummaryFieldOf<'tenant'> | SummaryFieldOf<'space'>): string | undefined {
  return (row as Readonly<Partial<Record<typeof field, string>>>)[field];
}

/** The columns of a list of instances. */
export function instanceColumns({
  kind,
  shown,
  hasProject,
  linksClusters,
  start,
}: {
  kind: ManagedKind;
  shown: readonly ColumnKey[];
  /** Whether the project is said of each. */
  hasProject: boolean;
  linksClusters: boolean;
  start: StartAction;
}): Column<Row>[] {
  const cells: Readonly<Record<ColumnKey, Omit<Column<Row>, 'key' | 'title' | 'width'>>> = {
    state: { sort: 'phase', cell: (row) => <StateCell row={row} /> },
    template: { cell: (row) => <TemplateCell kind={kind} row={row} /> },
    cluster: { sort: 'cluster', cell: (row) => <ClusterCell row={row} isLink={linksClusters} /> },
    kubernetes: { cell: (row) => <PlainCell value={own(row, 'kubernetesVersion')} /> },
    namespace: { cell: (row) => <PlainCell value={own(row, 'namespace')} /> },
    slept: { cell: (row) => <SleptCell row={row} /> },
    activity: { cell: (row) => <ActivityCell row={row} /> },
    owner: { cell: (row) => <OwnerCell row={row} /> },
    age: { sort: 'createdAt', cell: ({ createdAt }) => <Age at={createdAt} plain /> },
  };
  return [
    {
      key: 'name',
      title: text.name,
      sort: 'name',
      cell: (row) => <NameCell kind={kind} row={row} hasProject={hasProject} />,
      ...(shown.includes('state') ? { width: nameWidth } : {}),
    },
    ...shown.map((key) => ({
      key,
      title: text[key],
      ...(widths[key] === 0 ? {} : { width: widths[key] }),
      ...cells[key],
    })),
    menuColumn(kind, start, menuWidth),
  ];
}

/** One column of cards, for phones. */
export function cardColumns(kind: ManagedKind, start: StartAction): Column<Row>[] {
  return [
    { key: 'name', title: text.name, sort: 'name', cell: (row) => <CardCell kind={kind} row={row} /> },
    menuColumn(kind, start, menuWidth),
  ];
}

function menuColumn(kind: ManagedKind, start: StartAction, width: number): Column<Row> {
  return {
    key: 'actions',
    title: text.actions,
    align: 'right',
    width,
    cell: (row) => <RowMenu kind={kind} row={row} start={start} />,
  };
}
