import {
  ActionIcon,
  Button,
  Group,
  Indicator,
  Kbd,
  type MantineColorScheme,
  Menu,
  Select,
  Tooltip,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { IconActivity, IconHelp, IconSearch, IconUserCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { MenuLink } from '../components/links.tsx';
import { openOperationsQuery } from '../server/operations.ts';
import { selfQuery } from '../server/permissions.ts';
import { projectsQuery } from '../server/projects.ts';
import { shellText as text } from '../text/shell.ts';
import { leave } from '../components/leave.ts';
import { OperationsDrawer } from './operations-drawer.tsx';
import { usePageSearch } from '../components/page-search.ts';

/** Project, search, running operations, help and account: the same on every page. */
export function TopBar() {
  return (
    <Group gap="xs" wrap="nowrap" style={{ flex: 1 }} justify="flex-end">
      <ProjectSwitcher />
      <SearchButton />
      <RunningOperations />
      <HelpMenu />
      <AccountMenu />
    </Group>
  );
}

function ProjectSwitcher() {
  const [{ project }, change] = usePageSearch();
  const { data = [] } = useQuery(projectsQuery);
  return (
    <Select
      size="xs"
      aria-label={text.project}
      placeholder={text.allProjects}
      value={project ?? null}
      onChange={(value) => change({ project: value ?? undefined })}
      data={data.map(({ name, displayName }) => ({ value: name, label: displayName ?? name }))}
      searchable
      clearable
      nothingFoundMessage={text.nothingFound}
      w={{ base: 130, xs: 180 }}
      mr="auto"
    />
  );
}

function SearchButton() {
  return (
    <>
      <Button
        visibleFrom="md"
        variant="default"
        size="xs"
        leftSection={<IconSearch size={14} />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
        onClick={() => spotlight.open()}
      >
        {text.search}
      </Button>
      <ActionIcon
        hiddenFrom="md"
        variant="subtle"
        color="gray"
        aria-label={text.search}
        onClick={() => spotlight.open()}
      >
        <IconSearch size={18} />
      </ActionIcon>
    </>
  );
}

function RunningOperations() {
  const [isOpen, { open, close }] = useDisclosure(false);
  const { data = [] } = useQuery(openOperationsQuery);
  return (
    <>
      <Tooltip label={text.runningOperations(data.length)}>
        <Indicator label={data.length} size={16} disabled={data.length === 0} color="blue.7">
          <ActionIcon
            variant="subtle"
            color="gray"
            onClick={open}
            aria-label={text.runningOperations(data.length)}
          >
            <IconActivity size={18} />
          </ActionIcon>
        </Indicator>
      </Tooltip>
      <OperationsDrawer opened={isOpen} onClose={close} operations={data} />
    </>
  );
}

function HelpMenu() {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={text.help} visibleFrom="xs">
          <IconHelp size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href="/api/v1/docs" target="_blank" rel="noreferrer">
          {text.apiReference}
        </Menu.Item>
        <Menu.Item rightSection={<Kbd size="xs">Ctrl K</Kbd>} onClick={() => spotlight.open()}>
          {text.search}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function AccountMenu() {
  const { data } = useQuery(selfQuery);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = [
    ['light', text.light],
    ['dark', text.dark],
    ['auto', text.system],
  ] as const;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={text.profile}>
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{data?.user?.displayName || data?.user?.name || data?.subject}</Menu.Label>
        <MenuLink to="/profile">{text.profile}</MenuLink>
        <MenuLink to="/access-keys">{text.accessKeys}</MenuLink>
        <Menu.Divider />
        <Menu.Label>{text.theme}</Menu.Label>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
        >
          {schemes.map(([scheme, label]) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={leave}>{text.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
