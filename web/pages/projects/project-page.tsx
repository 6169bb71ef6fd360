import { Alert, Button, Grid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Project } from '../../../contracts/resources/project.ts';
import { PageLink } from '../../components/links.tsx';
import { Loaded, PageHead } from '../../components/page-states.tsx';
import { objectQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { commonText } from '../../text/common.ts';
import { projectsText as text } from '../../text/projects.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { ProjectContents } from './project-contents.tsx';
import { ProjectMembers } from './project-members.tsx';
import { ProjectSettings } from './project-settings.tsx';

/** One project: what is in it, who its members are, and what may be used. */
export default function ProjectPage() {
  const { project: name = '' } = useParams({ strict: false });
  const project = useQuery(objectQuery('projects', { name }));
  return (
    <>
      <PageHead
        title={name}
        back={
          <PageLink to="/projects" fz="sm">
            {text.all}
          </PageLink>
        }
      >
        {project.data !== undefined && project.error === null && <Actions project={project.data} />}
      </PageHead>
      <Loaded query={project}>
        {(found) => (
          <>
            {found.metadata.deletionTimestamp !== undefined && (
              <Alert color="yellow" mb="lg" role="status">
                {blockedBy(found) ?? text.beingDeleted}
              </Alert>
            )}
            <ProjectContents project={name} />
            <Grid gap="xl">
              <Grid.Col span={{ base: 12, md: 6 }}>
                <ProjectMembers project={found} />
              </Grid.Col>
              <Grid.Col span={{ base: 12, md: 6 }}>
                <ProjectSettings project={found} />
              </Grid.Col>
            </Grid>
          </>
        )}
      </Loaded>
    </>
  );
}

function blockedBy({ status }: Project): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'DeletionBlocked')?.message;
}

function Actions({ project }: { project: Project }) {
  const { name } = project.metadata;
  const [dialog, setDialog] = useState<'edit' | 'delete'>();
  const close = () => setDialog(undefined);
  const mayDelete = useQuery(mayQuery({ verb: 'delete', resource: 'projects', name })).data === true;
  return (
    <>
      {project.status?.canUpdate === true && (
        <Button variant="default" onClick={() => setDialog('edit')}>
          {commonText.edit}
        </Button>
      )}
      {mayDelete && project.metadata.deletionTimestamp === undefined && (
        <Button variant="default" c="var(--vcp-failed)" onClick={() => setDialog('delete')}>
          {commonText.delete}
        </Button>
      )}
      {dialog === 'edit' && <EditDialog project={project} onClose={close} />}
      <DeleteDialog name={name} uid={project.metadata.uid} opened={dialog === 'delete'} onClose={close} />
    </>
  );
}
