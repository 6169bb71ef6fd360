import { Button, Select, Stack, Text } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { pageSearch, type PageSearch } from '../../components/page-search.ts';
import { type ObjectType, typeName } from '../../server/kubernetes-objects.ts';
import type { TenantApi } from '../../server/tenant-api.ts';
import type { DiscoveredType } from '../../server/tenant-discovery.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { type KindSection, knownSections, otherSections, typeTitle } from './kinds.ts';
import classes from './resources.module.css';

interface Choice {
  readonly api: TenantApi;
  /** As the page's address has it. */
  readonly chosen: string;
  readonly discovery: UseQueryResult<DiscoveredType[]>;
  readonly onChoose: (name: string) => void;
}

/** The kinds as a list beside the objects. */
export function KindNavigation({ api, chosen, discovery }: Choice) {
  const inNamespace = api.onlyNamespace !== undefined;
  const others = otherSections(discovery.data ?? [], inNamespace);
  const isOther = others.some(({ types }) => types.some((type) => typeName(type) === chosen));
  const [isOpen, setOpen] = useState(false);
  const count = others.reduce((sum, { types }) => sum + types.length, 0);
  return (
    <Stack gap="xs">
      <Sections sections={knownSections(inNamespace)} chosen={chosen} />
      {count > 0 && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          justify="flex-start"
          aria-expanded={isOpen || isOther}
          leftSection={isOpen || isOther ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          onClick={() => setOpen(!isOpen)}
        >
          {text.others(count)}
        </Button>
      )}
      {discovery.error !== null && (
        <Text size="xs" c="dimmed">
          {text.othersFailed}
        </Text>
      )}
      {(isOpen || isOther) && <Sections sections={others} chosen={chosen} />}
    </Stack>
  );
}

function Sections({ sections, chosen }: { sections: readonly KindSection[]; chosen: string }) {
  return sections.map(({ title, types }) => (
    <div key={title}>
      <Text size="xs" c="dimmed" px={10} pb={2} style={{ overflowWrap: 'anywhere' }}>
        {title}
      </Text>
      {types.map((type) => (
        <KindLink key={typeName(type)} type={type} isChosen={typeName(type) === chosen} />
      ))}
    </div>
  ));
}

function KindLink({ type, isChosen }: { type: ObjectType; isChosen: boolean }) {
  const search = ({ tab, namespace, project }: PageSearch) =>
    pageSearch({ tab, namespace, project, resource: typeName(type) });
  return (
    <Link
      to="."
      search={search}
      className={classes['kind'] ?? ''}
      activeProps={{}}
      aria-current={isChosen ? 'true' : undefined}
    >
      {typeTitle(type)}
    </Link>
  );
}

/** The kinds to choose from where there is no room for a list. */
export function KindSelect({ api, chosen, discovery, onChoose }: Choice) {
  const inNamespace = api.onlyNamespace !== undefined;
  const sections = [...knownSections(inNamespace), ...otherSections(discovery.data ?? [], inNamespace)];
  return (
    <Select
      label={text.kind}
      data={sections.map(({ title, types }) => ({
        group: title,
        items: types.map((type) => ({ value: typeName(type), label: typeTitle(type) })),
      }))}
      value={chosen}
      onChange={(value) => value !== null && onChoose(value)}
      searchable
      allowDeselect={false}
    />
  );
}
