import { Button, Group, Menu, SegmentedControl, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { type ManagedKind, managedKinds } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { MenuLink } from '../../components/links.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { objectsQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { templatesText as text } from '../../text/templates.ts';
import { NewTemplate } from './new-template.tsx';
import { kindOfTemplates, pluralOf, titleOf } from './template-kind.ts';
import { TemplateTable, type TemplateRow } from './template-table.tsx';

/** All templates of both kinds; with `tab=new` the page that makes one. */
export default function TemplatesPage() {
  const [{ tab, resource }] = usePageSearch();
  const kind = kindOfTemplates(resource);
  return tab === 'new' && kind !== undefined ? <NewTemplate key={kind} kind={kind} /> : <TemplateList />;
}

function TemplateList() {
  const [tenant, space] = useQueries({
    queries: [objectsQuery('virtualclustertemplates'), objectsQuery('spacetemplates')],
  });
  const mayCreate = useMayCreate();
  return (
    <>
      <PageHead title={text.title}>{mayCreate.length > 0 && <NewMenu kinds={mayCreate} />}</PageHead>
      <Loaded query={tenant}>
        {(ofTenants) => (
          <Loaded query={space}>
            {(ofSpaces) => {
              const rows = [...rowsOf('tenant', ofTenants), ...rowsOf('space', ofSpaces)];
              return rows.length === 0 ? (
                <NoTemplates mayCreate={mayCreate} />
              ) : (
                <FilteredTemplates rows={rows} />
              );
            }}
          </Loaded>
        )}
      </Loaded>
    </>
  );
}

function rowsOf(kind: ManagedKind, templates: readonly ManagedTemplate[]): TemplateRow[] {
  return templates
    .map((template): TemplateRow => ({ kind, template }))
    .toSorted((a, b) => titleOf(a.template).localeCompare(titleOf(b.template)));
}

function NoTemplates({ mayCreate }: { mayCreate: readonly ManagedKind[] }) {
  if (mayCreate.length === 0) return <Empty title={text.empty}>{text.emptyMayNot}</Empty>;
  return (
    <Empty title={text.empty} action={<NewMenu kinds={mayCreate} />}>
      {text.emptyWhy}
    </Empty>
  );
}

function FilteredTemplates({ rows }: { rows: readonly TemplateRow[] }) {
  const [{ search = '', kind = 'all' }, change] = usePageSearch();
  const wanted = search.trim().toLowerCase();
  const shown = rows.filter(({ kind: ofRow, template }) => {
    const words = `${template.metadata.name} ${titleOf(template)} ${template.spec?.description ?? ''}`;
    return (kind === 'all' || kind === ofRow) && words.toLowerCase().includes(wanted);
  });
  return (
    <>
      <Text c="dimmed" mb="sm">
        {text.why}
      </Text>
      <Group mb="sm">
        <SearchInput
          label={text.searchTemplates}
          value={search}
          onSearch={(sought) => change({ search: sought })}
        />
        <SegmentedControl
          aria-label={text.kind}
          value={kind}
          onChange={(value) => change({ kind: value === 'all' ? undefined : value })}
          data={[
            { value: 'all', label: text.allKinds },
            ...managedKinds.map((one) => ({ value: one, label: text.kinds[one] })),
          ]}
        />
      </Group>
      {shown.length === 0 ? <Empty title={text.nothingFound} /> : <TemplateTable rows={shown} />}
    </>
  );
}

/** The kinds whose templates the caller may create. */
function useMayCreate() {
  const tenant = useQuery(mayQuery({ verb: 'create', resource: pluralOf('tenant') }));
  const space = useQuery(mayQuery({ verb: 'create', resource: pluralOf('space') }));
  const may = { tenant: tenant.data === true, space: space.data === true };
  return managedKinds.filter((kind) => may[kind]);
}

function NewMenu({ kinds }: { kinds: readonly ManagedKind[] }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button rightSection={<IconChevronDown size={16} aria-hidden />}>{text.create}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {kinds.map((kind) => (
          <MenuLink key={kind} to="/templates" search={{ tab: 'new', resource: pluralOf(kind) }}>
            {text.createFor[kind]}
          </MenuLink>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
