import { useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { rest } from '../server/rest.ts';
import { paletteText as text } from '../text/palette.ts';
import { shellText } from '../text/shell.ts';
import { useIsAdministrator } from '../components/use-is-administrator.ts';
import { administrationPlaces, mainPlaces } from './navigation.tsx';

const mostFound = '8';

/** Search for tenant clusters, pages and commands, from everywhere: Ctrl K. */
export function CommandPalette() {
  const [query, setQuery] = useState('');
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const isAdministrator = useIsAdministrator();
  const found = useFound(query);
  const places = [...mainPlaces, ...(isAdministrator ? administrationPlaces : [])].map(
    ({ to, label, icon }): SpotlightActionData => ({
      id: to,
      label,
      leftSection: icon,
      onClick: () => void navigate({ to }),
    }),
  );
  const commands: SpotlightActionData[] = [
    {
      id: 'create',
      label: text.createTenantCluster,
      onClick: () => void navigate({ to: '/tenant-clusters/new' }),
    },
    { id: 'light', label: text.lightTheme, onClick: () => setColorScheme('light') },
    { id: 'dark', label: text.darkTheme, onClick: () => setColorScheme('dark') },
  ];
  return (
    <Spotlight
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K', '/']}
      nothingFound={shellText.nothingFound}
      searchProps={{
        placeholder: shellText.search,
        leftSection: <IconSearch size={16} />,
        'aria-label': shellText.search,
      }}
      actions={[
        ...(found.length === 0 ? [] : [{ group: shellText.tenantClusters, actions: found }]),
        { group: text.goTo, actions: places },
        { group: text.commands, actions: commands },
      ]}
    />
  );
}

function useFound(query: string): SpotlightActionData[] {
  const [search] = useDebouncedValue(query.trim(), 200);
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ['palette', search],
    enabled: search !== '',
    queryFn: () => rest.of('tenant').list({ query: { search, limit: mostFound } }),
  });
  return (data?.items ?? []).map(({ project, name, displayName }) => ({
    id: `tenant/${project}/${name}`,
    label: name,
    description: displayName === undefined ? project : `${displayName} · ${project}`,
    onClick: () =>
      void navigate({ to: '/projects/$project/tenant-clusters/$name', params: { project, name } }),
  }));
}
