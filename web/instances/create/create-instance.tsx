import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { mayQuery } from '../../server/permissions.ts';
import { projectTemplatesQuery } from '../../server/project-subresources.ts';
import { projectsQuery } from '../../server/projects.ts';
import { createText as text } from '../../text/create.ts';
import { PageLink } from '../../components/links.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { CreateForm } from './create-form.tsx';

/** The page that creates a tenant cluster or space: first its project, then the rest. */
export function CreateInstance({ kind }: { kind: ManagedKind }) {
  const [search, change] = usePageSearch();
  const projects = useQuery(projectsQuery);
  return (
    <>
      <PageHead
        title={text.title[kind]}
        back={
          <PageLink to={consoleKinds[kind].pages.list} size="sm">
            {text.backTo[kind]}
          </PageLink>
        }
      />
      <Loaded query={projects}>
        {(all) => {
          if (all.length === 0) return <Empty title={text.noProject}>{text.noProjectWhy}</Empty>;
          const project = search.project ?? (all.length === 1 ? all[0]?.name : undefined);
          const chosen = all.find(({ name }) => name === project)?.name;
          const select = (
            <Select
              label={text.project}
              description={text.projectHint}
              placeholder={text.chooseProject}
              value={chosen ?? null}
              error={project !== undefined && chosen === undefined && text.noSuchProject(project)}
              onChange={(value) => change({ project: value ?? undefined })}
              data={all.map(({ name, displayName }) => ({ value: name, label: displayName ?? name }))}
              searchable
              allowDeselect={false}
              maw={420}
            />
          );
          return chosen === undefined ? (
            select
          ) : (
            <InProject key={chosen} kind={kind} project={chosen} select={select} />
          );
        }}
      </Loaded>
    </>
  );
}

function InProject({ kind, project, select }: { kind: ManagedKind; project: string; select: ReactNode }) {
  const may = useQuery(mayQuery({ verb: 'create', resource: kindNames[kind].plural, project }));
  const templates = useQuery(projectTemplatesQuery(project, kind));
  return (
    <Loaded query={may}>
      {(isAllowed) =>
        isAllowed ? (
          <Loaded query={templates}>
            {(usable) => <CreateForm kind={kind} project={project} usable={usable} projectSelect={select} />}
          </Loaded>
        ) : (
          <>
            {select}
            <Empty title={text.mayNot(project)}>{text.mayNotWhy}</Empty>
          </>
        )
      }
    </Loaded>
  );
}
