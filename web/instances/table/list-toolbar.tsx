import { Box, Button, Group, Menu, Select } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { objectsQuery } from '../../server/objects.ts';
import { commonText } from '../../text/common.ts';
import { listText as text } from '../../text/instances.ts';
import { stateText } from '../../text/states.ts';
import { CheckMenu } from '../../components/check-menu.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { type ColumnKey, columnsOf, usualColumns } from './instance-columns.tsx';
import { useIsNarrow } from '../../components/table-width.tsx';
import { useRoom } from './instance-table.tsx';

const phases = [
  { key: 'Ready', label: stateText.awake },
  { key: 'Sleeping', label: stateText.asleep },
  { key: 'Failed', label: stateText.failed },
  { key: 'Pending', label: stateText.pending },
  { key: 'Terminating', label: stateText.terminating },
];

/** Search, filters and columns of a list of instances, all of them in the address. */
export function ListToolbar({ kind, shown }: { kind: ManagedKind; shown: readonly ColumnKey[] }) {
  const [{ search, phase, cluster, template }, change] = usePageSearch();
  const isNarrow = useIsNarrow();
  const isFiltered = Boolean(search || phase || cluster || template);
  return (
    <Group gap="xs" mb="sm">
      <SearchInput label={text.search} value={search} onSearch={(value) => change({ search: value })} />
      <StateFilter />
      <ObjectFilter
        plural="clusters"
        label={text.anyCluster}
        value={cluster}
        onChange={(value) => change({ cluster: value })}
      />
      <ObjectFilter
        plural={kindNames[kind].templates.plural}
        label={text.anyTemplate}
        value={template}
        onChange={(value) => change({ template: value })}
      />
      {isFiltered && (
        <Button
          variant="subtle"
          size="xs"
          onClick={() =>
            change({ search: undefined, phase: undefined, cluster: undefined, template: undefined })
          }
        >
          {commonText.clearFilters}
        </Button>
      )}
      {!isNarrow && (
        <Box ml="auto">
          <ColumnChooser kind={kind} shown={shown} />
        </Box>
      )}
    </Group>
  );
}

function StateFilter() {
  const [{ phase }, change] = usePageSearch();
  const chosen = phase?.split(',') ?? [];
  const words = phases.filter(({ key }) => chosen.includes(key)).map(({ label }) => label);
  return (
    <CheckMenu
      label={words.length === 0 ? text.anyState : words.join(', ')}
      name={`${text.state}: ${words.length === 0 ? text.anyState : words.join(', ')}`}
      options={phases}
      chosen={chosen}
      onChange={(now) => change({ phase: now.length === 0 ? undefined : now.join(',') })}
    />
  );
}

/** A filter by an object of the management API: those that the caller may see, or the one in the address. */
function ObjectFilter({
  plural,
  label,
  value,
  onChange,
}: {
  plural: 'clusters' | 'virtualclustertemplates' | 'spacetemplates';
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const { data = [] } = useQuery(objectsQuery(plural));
  const names = data.map(({ metadata, spec }) => ({
    value: metadata.name,
    label: spec?.displayName || metadata.name,
  }));
  const options =
    value === undefined || names.some((one) => one.value === value)
      ? names
      : [...names, { value, label: value }];
  if (options.length === 0) return null;
  return (
    <Select
      size="xs"
      w={{ sm: 180 }}
      flex={{ base: '1 1 130px', sm: 'none' }}
      aria-label={label}
      placeholder={label}
      data={options}
      value={value ?? null}
      onChange={(now) => onChange(now ?? undefined)}
      searchable
      clearable
    />
  );
}

function ColumnChooser({ kind, shown }: { kind: ManagedKind; shown: readonly ColumnKey[] }) {
  const [{ columns }, change] = usePageSearch();
  const room = useRoom();
  const options = columnsOf(kind).map((key) => ({ key, label: text.column[key] }));
  function choose(now: readonly ColumnKey[]): void {
    const inOrder = columnsOf(kind).filter((key) => now.includes(key));
    const isUsual = inOrder.join(',') === usualColumns(kind, room).join(',');
    change({ columns: isUsual ? undefined : inOrder.join(',') || 'none' });
  }
  return (
    <CheckMenu
      label={text.columns}
      icon={<IconColumns3 size={14} aria-hidden />}
      options={options}
      chosen={shown}
      onChange={choose}
      foot={
        columns !== undefined && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => change({ columns: undefined })}>{text.defaultColumns}</Menu.Item>
          </>
        )
      }
    />
  );
}
