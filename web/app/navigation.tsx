import { NavLink, ScrollArea, Text } from '@mantine/core';
import {
  IconActivity,
  IconBox,
  IconCamera,
  IconFolders,
  IconHome,
  IconListDetails,
  IconServer2,
  IconSettings,
  IconStack2,
  IconTemplate,
  IconUsers,
} from '@tabler/icons-react';
import { Link, useLocation } from '@tanstack/react-router';
import { useIsAdministrator } from '../components/use-is-administrator.ts';
import { shellText as text } from '../text/shell.ts';

const iconProps = { size: 18, stroke: 1.6 } as const;

export const mainPlaces = [
  { to: '/', label: text.home, icon: <IconHome {...iconProps} /> },
  { to: '/tenant-clusters', label: text.tenantClusters, icon: <IconStack2 {...iconProps} /> },
  { to: '/spaces', label: text.spaces, icon: <IconBox {...iconProps} /> },
  { to: '/operations', label: text.operations, icon: <IconActivity {...iconProps} /> },
  { to: '/snapshots', label: text.snapshots, icon: <IconCamera {...iconProps} /> },
  { to: '/templates', label: text.templates, icon: <IconTemplate {...iconProps} /> },
  { to: '/projects', label: text.projects, icon: <IconFolders {...iconProps} /> },
] as const;

export const administrationPlaces = [
  { to: '/clusters', label: text.clusters, icon: <IconServer2 {...iconProps} /> },
  { to: '/users', label: text.users, icon: <IconUsers {...iconProps} /> },
  { to: '/audit', label: text.audit, icon: <IconListDetails {...iconProps} /> },
  { to: '/settings', label: text.settings, icon: <IconSettings {...iconProps} /> },
] as const;

/** The rail at the left. What one may not see is not there. */
export function Navigation() {
  const isAdministrator = useIsAdministrator();
  return (
    <ScrollArea>
      <Places places={mainPlaces} />
      {isAdministrator && (
        <>
          <Text size="xs" c="dimmed" px="sm" pt="md" pb={4}>
            {text.administration}
          </Text>
          <Places places={administrationPlaces} />
        </>
      )}
    </ScrollArea>
  );
}

/** Whether the page at `pathname` belongs to a place of the rail: `/projects/a/spaces/b` to that of spaces. */
function isPlaceOf(to: string, pathname: string): boolean {
  const [, , collection] = /^\/projects\/([^/]+)\/([^/]+)/.exec(pathname) ?? [];
  const path = collection === undefined ? pathname : `/${collection}`;
  return path === to || (to !== '/' && path.startsWith(`${to}/`));
}

function Places({ places }: { places: typeof mainPlaces | typeof administrationPlaces }) {
  const { pathname } = useLocation();
  return places.map(({ to, label, icon }) => (
    <NavLink
      key={to}
      component={Link}
      to={to}
      active={isPlaceOf(to, pathname)}
      activeOptions={{ exact: true, includeSearch: false }}
      label={label}
      leftSection={icon}
      h={36}
    />
  ));
}
