import { Alert, Group, Select, Stack } from '@mantine/core';
import type { Snapshot } from '../../../contracts/operations.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { DataTable } from '../../components/data-table.tsx';
import { ButtonLink } from '../../components/links.tsx';
import { Empty, Failure, LoadingRows, PageHead } from '../../components/page-states.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { TableWidth, useIsNarrow } from '../../components/table-width.tsx';
import { snapshotsText as text } from '../../text/snapshots.ts';
import { narrowColumns, snapshotColumns } from './snapshot-columns.tsx';
import { matching, sorted } from './snapshot-order.ts';
import { type Snapshots, useSnapshots } from './use-snapshots.ts';

/** Snapshots of all projects, or of the one that is chosen. */
export default function Page() {
  const [{ project }] = usePageSearch();
  const found = useSnapshots(project);
  return (
    <>
      <PageHead title={text.title} />
      <Found found={found} />
    </>
  );
}

function Found({ found }: { found: Snapshots }) {
  const { state, error, projects, snapshots, failed, retry } = found;
  if (error !== null) return <Failure error={error} retry={retry} />;
  if (state === 'loading') return <LoadingRows />;
  if (state === 'none') return <Empty title={text.noProjects}>{text.noProjectsWhy}</Empty>;
  if (state === 'choose') return <Choose projects={projects} />;
  return (
    <Stack gap="sm">
      {failed.length > 0 && <Alert color="yellow">{text.someFailed(failed.join(', '))}</Alert>}
      {snapshots.length === 0 ? (
        <Empty
          title={text.emptyTitle}
          action={
            <ButtonLink to="/tenant-clusters" variant="default">
              {text.emptyAction}
            </ButtonLink>
          }
        >
          {text.emptyWhy}
        </Empty>
      ) : (
        <List snapshots={snapshots} />
      )}
    </Stack>
  );
}

function Choose({ projects }: { projects: readonly string[] }) {
  const [, change] = usePageSearch();
  return (
    <Empty
      title={text.choose}
      action={
        <Select
          aria-label={text.choose}
          placeholder={text.choose}
          data={[...projects]}
          value={null}
          onChange={(project) => change({ project: project ?? undefined })}
          searchable
          w={280}
        />
      }
    >
      {text.chooseWhy(projects.length)}
    </Empty>
  );
}

function List({ snapshots }: { snapshots: readonly Snapshot[] }) {
  const [{ search = '', state, sort = '-createdAt' }, change] = usePageSearch();
  const isNarrow = useIsNarrow();
  const shown = sorted(matching(snapshots, { search, state }), sort);
  return (
    <>
      <Group gap="xs" role="search">
        <SearchInput value={search} onSearch={(value) => change({ search: value })} label={text.search} />
        <Select
          size="xs"
          w={150}
          aria-label={text.state}
          placeholder={text.anyState}
          value={state ?? null}
          onChange={(value) => change({ state: value ?? undefined })}
          data={Object.entries(text.states).map(([value, label]) => ({ value, label }))}
          clearable
        />
      </Group>
      {shown.length === 0 ? (
        <Empty title={text.noMatch}>{text.noMatchWhy}</Empty>
      ) : (
        <TableWidth isNarrow={isNarrow}>
          <DataTable
            label={text.title}
            columns={isNarrow ? narrowColumns : snapshotColumns}
            rows={shown}
            rowKey={({ project, tenantCluster, uid = '', name }) =>
              `${project}/${tenantCluster}/${uid}/${name}`
            }
            sort={sort}
            onSort={(by) => change({ sort: by })}
            height="calc(100dvh - 210px)"
          />
        </TableWidth>
      )}
    </>
  );
}
