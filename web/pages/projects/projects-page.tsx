import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { managedKinds } from '../../../contracts/kinds.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { Age } from '../../components/age.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { PageLink } from '../../components/links.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { objectsQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { commonText } from '../../text/common.ts';
import { projectsText as text } from '../../text/projects.ts';
import { type Allowance, allowedClusters, allowedTemplates } from './allowed.ts';
import { CreateDialog } from './create-dialog.tsx';

/** The projects that the caller may see. */
export default function ProjectsPage() {
  const projects = useQuery(objectsQuery('projects'));
  const mayCreate = useQuery(mayQuery({ verb: 'create', resource: 'projects' })).data === true;
  const [isOpen, { open, close }] = useDisclosure(false);
  const create = mayCreate ? <Button onClick={open}>{text.create}</Button> : undefined;
  return (
    <>
      <PageHead title={text.title}>{create}</PageHead>
      <Loaded query={projects}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={text.emptyTitle} action={create}>
              {mayCreate ? text.emptyWhy : text.emptyForOthers}
            </Empty>
          ) : (
            <DataTable
              label={text.title}
              columns={columns}
              rows={all.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))}
              rowKey={({ metadata }) => metadata.name}
            />
          )
        }
      </Loaded>
      {isOpen && <CreateDialog onClose={close} />}
    </>
  );
}

const columns: readonly Column<Project>[] = [
  {
    key: 'name',
    title: commonText.name,
    cell: ({ metadata: { name }, spec }) => (
      <>
        <PageLink to="/projects/$project" params={{ project: name }} fw={500}>
          {name}
        </PageLink>
        {spec?.displayName !== undefined && spec.displayName !== '' && spec.displayName !== name && (
          <Text size="xs" c="dimmed">
            {spec.displayName}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'description',
    title: text.columns.description,
    cell: ({ spec }) => (
      <Text size="sm" lineClamp={2} title={spec?.description}>
        {spec?.description}
      </Text>
    ),
  },
  { key: 'members', title: text.columns.members, align: 'right', cell: memberCount },
  {
    key: 'clusters',
    title: text.columns.clusters,
    align: 'right',
    cell: ({ spec = {} }) => allowanceCount([allowedClusters(spec)]),
  },
  {
    key: 'templates',
    title: text.columns.templates,
    align: 'right',
    cell: ({ spec = {} }) => allowanceCount(managedKinds.map((kind) => allowedTemplates(kind, spec))),
  },
  {
    key: 'age',
    title: commonText.age,
    align: 'right',
    cell: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
  },
];

function memberCount({ spec: { members = [] } = {} }: Project): string {
  return members.some(({ kind, name }) => kind !== 'Team' && name === '*')
    ? text.everyone
    : text.count(members.length);
}

function allowanceCount(allowances: readonly Allowance[]): string {
  if (allowances.some(({ only }) => only === undefined)) return text.any;
  return text.count(allowances.reduce((sum, { only = [] }) => sum + only.length, 0));
}
