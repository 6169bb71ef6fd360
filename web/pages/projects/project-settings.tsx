import { Group, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { kindNames, type ManagedKind, managedKinds } from '../../../contracts/kinds.ts';
import type { Project, ProjectSpec } from '../../../contracts/resources/project.ts';
import { Age } from '../../components/age.tsx';
import { Facts } from '../../components/facts.tsx';
import { PageLink } from '../../components/links.tsx';
import { commonText } from '../../text/common.ts';
import { projectsText as text } from '../../text/projects.ts';
import { type Allowance, allowedClusters, allowedTemplates } from './allowed.ts';

/** What a project is, and what may be used in it. */
export function ProjectSettings({ project: { metadata, spec = {} } }: { project: Project }) {
  return (
    <Stack gap="xl">
      <Section id="project-facts" title={text.facts}>
        <Facts
          facts={[
            [text.displayName, spec.displayName],
            [text.description, spec.description],
            [text.owner, spec.owner?.user ?? spec.owner?.team],
            [commonText.age, <Age key="age" at={metadata.creationTimestamp} />],
          ]}
        />
      </Section>
      <Section id="project-allowed" title={text.allowed}>
        <Facts
          facts={[
            [text.clusters, <Clusters key="clusters" allowance={allowedClusters(spec)} />],
            ...managedKinds.map(
              (kind) =>
                [
                  text.templatesOf[kind],
                  <Templates key={kind} kind={kind} allowance={allowedTemplates(kind, spec)} />,
                ] as const,
            ),
            [
              text.inline,
              spec.requireTemplate?.disabled === true ? text.inlineAllowed : text.inlineForbidden,
            ],
          ]}
        />
      </Section>
      <Quotas quotas={spec.quotas} />
    </Stack>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby={id}>
      <Title order={2} id={id}>
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function Clusters({ allowance: { only } }: { allowance: Allowance }) {
  if (only === undefined) return text.allAllowed;
  if (only.length === 0) return text.noneAllowed;
  return (
    <Group gap="xs">
      {only.map((name) => (
        <PageLink key={name} to="/clusters/$name" params={{ name }}>
          {name}
        </PageLink>
      ))}
    </Group>
  );
}

function Templates({ kind, allowance: { only, byDefault } }: { kind: ManagedKind; allowance: Allowance }) {
  const { plural } = kindNames[kind].templates;
  const names = only ?? (byDefault === undefined ? [] : [byDefault]);
  if (only !== undefined && names.length === 0) return text.noneAllowed;
  return (
    <Group gap="xs">
      {only === undefined && text.allAllowed}
      {names.map((name) => (
        <PageLink key={name} to="/templates/$plural/$name" params={{ plural, name }}>
          {name === byDefault ? text.byDefault(name) : name}
        </PageLink>
      ))}
    </Group>
  );
}

function Quotas({ quotas }: { quotas: ProjectSpec['quotas'] }) {
  const ofProject = Object.entries(quotas?.project ?? {});
  const ofUser = Object.entries(quotas?.user ?? {});
  if (ofProject.length + ofUser.length === 0) return null;
  const said = (quantities: readonly (readonly [string, string])[]) =>
    quantities.map(([resource, most]) => `${resource}: ${most}`).join(', ');
  return (
    <Section id="project-quotas" title={text.quotas}>
      <Facts
        facts={[
          [text.quotasOfProject, said(ofProject)],
          [text.quotasOfUser, said(ofUser)],
        ]}
      />
      {text.quotasWhy}
    </Section>
  );
}
