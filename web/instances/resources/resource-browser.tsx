import { Alert, Box, Group, Stack, Switch, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { usePageSearch } from '../../components/page-search.ts';
import { Empty, LoadingRows } from '../../components/page-states.tsx';
import { typeName } from '../../server/kubernetes-objects.ts';
import type { TenantApi } from '../../server/tenant-api.ts';
import { discoveryQuery } from '../../server/tenant-discovery.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { KindNavigation, KindSelect } from './kind-navigation.tsx';
import { pods, typeNamed } from './kinds.ts';
import { ObjectDrawer } from './object-drawer.tsx';
import { ResourceList } from './resource-list.tsx';
import classes from './resources.module.css';

/** Kinds at the left, the objects of one at the right, and one of them in a drawer. All of it is in the page's address. */
export function ResourceBrowser({
  api,
  counts,
  onCounts,
  note,
}: {
  api: TenantApi;
  counts: boolean;
  onCounts: (counts: boolean) => void;
  /** What there is to know of its state. */
  note: string | undefined;
}) {
  const [search, change] = usePageSearch();
  const discovery = useQuery(discoveryQuery(api));
  const asked = search.resource ?? typeName(pods);
  const type = typeNamed(asked, discovery.data);
  const name = type === undefined ? asked : typeName(type);
  const navigation = {
    api,
    chosen: name,
    discovery,
    onChoose: (resource: string) => change({ resource, ...inList }),
  };
  return (
    <Stack gap="sm">
      {note !== undefined && (
        <Alert color="indigo" role="status" py="xs">
          {note}
        </Alert>
      )}
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          {counts ? text.countsOn : text.countsOff}
        </Text>
        <Switch
          size="sm"
          label={text.counts}
          checked={counts}
          onChange={({ currentTarget }) => onCounts(currentTarget.checked)}
        />
      </Group>
      <div className={classes['browser']}>
        <Box visibleFrom="md" component="nav" aria-label={text.kinds} className={classes['kinds'] ?? ''}>
          <KindNavigation {...navigation} />
        </Box>
        <Box hiddenFrom="md">
          <KindSelect {...navigation} />
        </Box>
        <Box miw={0}>
          {type !== undefined ? (
            <ResourceList key={name} api={api} type={type} />
          ) : discovery.isPending ? (
            <LoadingRows />
          ) : (
            <Empty title={text.unknownKind(name)}>{text.unknownKindWhy}</Empty>
          )}
        </Box>
      </div>
      {type !== undefined && search.object !== undefined && (
        <ObjectDrawer key={`${name} ${search.object}`} api={api} type={type} object={search.object} />
      )}
    </Stack>
  );
}

/** What another kind begins without. */
const inList = { object: undefined, view: undefined, search: undefined, sort: undefined } as const;
