import { Group, Stack, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { PageLink } from '../../components/links.tsx';
import { rowsQuery } from '../../server/instances.ts';
import { projectsText as text } from '../../text/projects.ts';

/** How many there are in a project that the caller may see; of many, how many at least. */
export function useInstanceCount(
  kind: ManagedKind,
  project: string,
): { count: number; isMore: boolean } | undefined {
  const { data } = useInfiniteQuery(rowsQuery(kind, { project }));
  if (data === undefined) return undefined;
  return {
    count: data.pages.reduce((sum, { items }) => sum + items.length, 0),
    isMore: data.pages.at(-1)?.next !== undefined,
  };
}

/** What is in a project, as links to lists of it. */
export function ProjectContents({ project }: { project: string }) {
  const tenants = useInstanceCount('tenant', project);
  const spaces = useInstanceCount('space', project);
  const search = { project };
  return (
    <Stack gap="xs" component="section" aria-labelledby="project-contents" mb="xl">
      <Title order={2} id="project-contents">
        {text.contains}
      </Title>
      <Group gap="lg" fz="sm">
        <PageLink to="/tenant-clusters" search={search}>
          {text.tenantClusters(tenants?.count ?? 0, tenants?.isMore ?? true)}
        </PageLink>
        <PageLink to="/spaces" search={search}>
          {text.spaces(spaces?.count ?? 0, spaces?.isMore ?? true)}
        </PageLink>
        <PageLink to="/operations" search={search}>
          {text.operations}
        </PageLink>
        <PageLink to="/snapshots" search={search}>
          {text.snapshots}
        </PageLink>
        <PageLink to="/audit" search={search}>
          {text.audit}
        </PageLink>
      </Group>
    </Stack>
  );
}
