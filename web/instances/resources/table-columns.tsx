import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Age } from '../../components/age.tsx';
import type { Column } from '../../components/data-table.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { type ObjectType, typeName } from '../../server/kubernetes-objects.ts';
import type { TableColumn, TableRow } from '../../server/kubernetes-table.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { events } from './kinds.ts';
import { ObjectLink } from './object-link.tsx';
import { markOfStatus } from './object-state.ts';
import classes from './resources.module.css';
import { cellText, type TableOf } from './table-rows.ts';

/** Columns that are a state: shown with an icon. */
const states: ReadonlySet<string> = new Set(['Status', 'Phase', 'Ready']);

/** A time as a whole cell: some kinds say when they were made and not how old they are. */
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

interface Shown extends TableOf {
  /** Those that links may lead to. */
  readonly types: readonly ObjectType[];
  readonly showsNamespace: boolean;
}

/** What there is room for of the API server's columns. An object of the same name may be in each namespace. */
export function columnsOf({ pages, type, types, showsNamespace }: Shown): Column<TableRow>[] {
  const isEvents = typeName(type) === typeName(events);
  const columns = (pages[0]?.columnDefinitions ?? []).flatMap((definition, index): Column<TableRow>[] => {
    const { name, priority } = definition;
    // Names of events say nothing to people.
    if (priority > 0 || (isEvents && isName(definition, index))) return [];
    const cell = isName(definition, index)
      ? nameCell(type)
      : isEvents && name === 'Object'
        ? subjectCell(types, index)
        : plainCell(name, index);
    return [{ key: `${index} ${name}`, title: name, sort: name, cell }];
  });
  if (!showsNamespace) return columns;
  const column: Column<TableRow> = {
    key: 'namespace',
    title: text.namespace,
    sort: 'Namespace',
    cell: ({ object }) => <Cell column={text.namespace} value={object.metadata.namespace ?? ''} />,
  };
  const at = isEvents ? columns.length : 1;
  return columns.toSpliced(at, 0, column);
}

type CellOf = (row: TableRow) => ReactNode;

function nameCell(type: ObjectType): CellOf {
  return ({ object: { metadata } }) => (
    <OneLine title={metadata.name} width="name">
      <ObjectLink type={type} namespace={metadata.namespace} name={metadata.name} />
    </OneLine>
  );
}

/** What an event is about: `pod/web-1` in the event's namespace. */
function subjectCell(types: readonly ObjectType[], index: number): CellOf {
  return ({ cells, object }) => {
    const value = cellText(cells[index]);
    const slash = value.indexOf('/');
    const type = types.find(({ kind }) => kind.toLowerCase() === value.slice(0, slash));
    if (type === undefined) return <Cell column="Object" value={value} />;
    const namespace = type.isNamespaced ? object.metadata.namespace : undefined;
    return (
      <OneLine title={value}>
        <ObjectLink type={type} namespace={namespace} name={value.slice(slash + 1)}>
          {value}
        </ObjectLink>
      </OneLine>
    );
  };
}

function plainCell(name: string, index: number): CellOf {
  if (name === 'Age') return ({ object }) => <Age at={object.metadata.creationTimestamp} />;
  return ({ cells }) => <Cell column={name} value={cellText(cells[index])} />;
}

function isName({ name, format }: TableColumn, index: number): boolean {
  return format === 'name' || (index === 0 && name === 'Name');
}

function Cell({ column, value }: { column: string; value: string }) {
  const mark = states.has(column) ? markOfStatus(value) : undefined;
  if (mark !== undefined) return <StateBadge mark={mark}>{value}</StateBadge>;
  if (time.test(value)) return <Age at={value} />;
  return (
    <OneLine title={value} width={column === 'Message' ? 'wide' : undefined}>
      {value === '' ? '–' : value}
    </OneLine>
  );
}

/** What there is no room for can be read when pointed at. */
function OneLine({
  title,
  width,
  children,
}: {
  title: string;
  width?: 'name' | 'wide' | undefined;
  children: ReactNode;
}) {
  return (
    <Text
      span
      inherit
      title={title}
      className={`${classes['cell']} ${width === undefined ? '' : classes[width]}`}
    >
      {children}
    </Text>
  );
}
