import { Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { PageLink } from '../../components/links.tsx';
import { newestVersion, versionsOf } from '../../components/template-versions.ts';
import { templatesText as text } from '../../text/templates.ts';
import { pluralOf, titleOf } from './template-kind.ts';
import { useCountQuery } from './use-count.ts';

export interface TemplateRow {
  readonly kind: ManagedKind;
  readonly template: ManagedTemplate;
}

/** Templates, a row for each. */
export function TemplateTable({ rows }: { rows: readonly TemplateRow[] }) {
  const isNarrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  return (
    <DataTable
      label={text.title}
      columns={isNarrow ? columns.filter(({ key }) => onPhones.includes(key)) : columns}
      rows={rows}
      rowKey={({ kind, template }) => `${kind}/${template.metadata.name}`}
    />
  );
}

const onPhones = ['name', 'kind', 'newest', 'uses'];

const columns: readonly Column<TemplateRow>[] = [
  { key: 'name', title: text.name, width: '24%', cell: (row) => <NameCell row={row} /> },
  { key: 'kind', title: text.kind, width: 140, cell: ({ kind }) => text.kinds[kind] },
  {
    key: 'description',
    title: text.description,
    cell: ({ template: { spec } }) => (
      <Text size="sm" lineClamp={1} title={spec?.description}>
        {spec?.description}
      </Text>
    ),
  },
  {
    key: 'versions',
    title: text.versions,
    width: 90,
    align: 'right',
    cell: ({ template }) => versionsOf(template).length || text.withoutVersions,
  },
  { key: 'newest', title: text.newest, width: 110, cell: ({ template }) => newestVersion(template) ?? '–' },
  { key: 'uses', title: text.usedBy, width: 90, align: 'right', cell: (row) => <UseCell row={row} /> },
];

function NameCell({ row: { kind, template } }: { row: TemplateRow }) {
  const { name } = template.metadata;
  const title = titleOf(template);
  return (
    <>
      <PageLink to="/templates/$plural/$name" params={{ plural: pluralOf(kind), name }} fw={500}>
        {title}
      </PageLink>
      {title !== name && (
        <Text size="xs" c="dimmed">
          {name}
        </Text>
      )}
    </>
  );
}

function UseCell({ row: { kind, template } }: { row: TemplateRow }) {
  const { name } = template.metadata;
  const { data } = useQuery(useCountQuery(kind, name));
  if (data === undefined) return '–';
  if (!data.isUsed) return '0';
  return (
    <PageLink
      to="/templates/$plural/$name"
      params={{ plural: pluralOf(kind), name }}
      search={{ tab: 'uses' }}
    >
      {data.count}
    </PageLink>
  );
}
