import { Code, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { kindNames } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import type { VirtualClusterInstanceStatus } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { knownPlace } from '../../../domain/placement/known-place.ts';
import { summaryOfInstance } from '../../../domain/summaries/instance-summary.ts';
import type { Row } from '../../server/instances.ts';
import { objectQuery } from '../../server/objects.ts';
import { commonText } from '../../text/common.ts';
import { instanceText as text } from '../../text/instance.ts';
import { Age } from '../../components/age.tsx';
import { CopyIcon } from '../../components/command-box.tsx';
import { Facts } from '../../components/facts.tsx';
import { PageLink } from '../../components/links.tsx';
import { withMasks } from '../create/parameter-values.ts';
import type { InstanceView } from './instance-view.ts';

/** What it is and where; facts that are not there are left out. */
export function InstanceFacts({ target, instance }: InstanceView) {
  const { metadata, spec = {}, status } = instance;
  // What only one of the kinds has is not there in others.
  const { kubernetesVersion, virtualCluster } = (status ?? {}) as VirtualClusterInstanceStatus;
  const chart = virtualCluster?.helmRelease?.chart;
  const template = useTemplate({ target, instance });
  const summary: Row = summaryOfInstance(target.kind, instance, template.data);
  const { cluster, namespace } = knownPlace(instance);
  const facts: readonly (readonly [title: string, value: ReactNode])[] = [
    [text.description, spec.description],
    [text.project, <ProjectLink key="project" project={target.project} />],
    [text.cluster, cluster === undefined ? text.notPlaced : <ClusterLink name={cluster} />],
    [text.hostNamespace[target.kind], namespace && <Copied value={namespace} />],
    [text.kubernetes, kubernetesVersion],
    [text.chart, [chart?.name, chart?.version].filter(Boolean).join(' ')],
    [text.template, <TemplateFact key="template" target={target} instance={instance} summary={summary} />],
    [text.owner, ownerText(spec.owner)],
    [text.created, metadata.creationTimestamp && <Age at={metadata.creationTimestamp} />],
    [text.lastActivity, summary.lastActivityAt && <LastActivity summary={summary} />],
    [
      text.asleepPart,
      summary.sleptPercent === undefined ? undefined : <AsleepPart percent={summary.sleptPercent} />,
    ],
    [text.uid, metadata.uid && <Copied value={metadata.uid} />],
  ];
  return (
    <section>
      <Title order={2} mb="sm">
        {text.facts}
      </Title>
      <Facts facts={facts} />
      {spec.parameters !== undefined && !template.isLoading && (
        <Parameters source={spec.parameters} template={template.data} />
      )}
    </section>
  );
}

function useTemplate({ target: { kind }, instance }: InstanceView) {
  const name = instance.spec?.templateRef?.name ?? '';
  return useQuery({
    ...objectQuery(kindNames[kind].templates.plural, { name }),
    enabled: name !== '',
  });
}

/** What its parameters are, without the passwords that any version of its template declares. */
function Parameters({ source, template }: { source: string; template: ManagedTemplate | undefined }) {
  if (source.trim() === '') return null;
  const { parameters = [], versions = [] } = template?.spec ?? {};
  const declared = [...parameters, ...versions.flatMap((version) => version.parameters ?? [])];
  return (
    <>
      <Title order={3} mt="lg" mb="xs">
        {text.parameters}
      </Title>
      <Code
        block
        mah={320}
        tabIndex={0}
        aria-label={text.parameters}
        style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }}
      >
        {withMasks(source, declared)}
      </Code>
    </>
  );
}

function ProjectLink({ project }: { project: string }) {
  return (
    <PageLink to="/projects/$project" params={{ project }}>
      {project}
    </PageLink>
  );
}

function ClusterLink({ name }: { name: string }) {
  return (
    <PageLink to="/clusters/$name" params={{ name }}>
      {name}
    </PageLink>
  );
}

function Copied({ value }: { value: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Text span ff="monospace" size="sm">
        {value}
      </Text>
      <CopyIcon value={value} />
    </Group>
  );
}

function TemplateFact({ target, instance, summary }: InstanceView & { summary: Row }) {
  const { templateRef, template } = instance.spec ?? {};
  const name = templateRef?.name ?? '';
  if (name === '') return template === undefined ? commonText.none : text.inlineTemplate;
  const { plural } = kindNames[target.kind].templates;
  return (
    <Stack gap={0}>
      <span>
        <PageLink to="/templates/$plural/$name" params={{ plural, name }}>
          {name}
        </PageLink>{' '}
        {summary.templateVersion ?? templateRef?.version}
      </span>
      {summary.latestTemplateVersion !== undefined && (
        <Text span size="sm" c="dimmed">
          {text.newerVersion(summary.latestTemplateVersion)}
        </Text>
      )}
    </Stack>
  );
}

function LastActivity({ summary: { lastActivity, lastActivityAt } }: { summary: Row }) {
  return (
    <span>
      {lastActivity !== undefined && `${lastActivity} · `}
      <Age at={lastActivityAt} />
    </span>
  );
}

function AsleepPart({ percent }: { percent: number }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress value={percent} color="indigo" w={120} size="sm" aria-label={text.asleepPart} />
      <span>{percent} %</span>
    </Group>
  );
}

function ownerText(owner: { user?: string; team?: string } = {}): string {
  if (owner.user) return text.user(owner.user);
  return owner.team ? text.team(owner.team) : '';
}
