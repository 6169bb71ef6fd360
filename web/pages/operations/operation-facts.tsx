import { Code, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { targetNames } from '../../../contracts/kinds.ts';
import { isFinal, type Operation, targetOf } from '../../../contracts/operations.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { Facts } from '../../components/facts.tsx';
import { PageLink } from '../../components/links.tsx';
import { TargetLink } from '../../components/target-link.tsx';
import { durationText, exactTime } from '../../components/time.ts';
import { operationPageText as text } from '../../text/operations.ts';

/** What is known of an operation besides its story. */
export function OperationFacts({ operation }: { operation: Operation }) {
  const { id, kind, actor, createdAt, finishedAt, state } = operation;
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{text.facts}</Title>
      <Text component="div" size="sm">
        <Facts
          facts={[
            [
              text.on,
              <>
                {targetNames[kind].noun} <TargetLink target={targetOf(operation)} />
              </>,
            ],
            [text.project, projectOf(operation)],
            [text.cluster, clusterOf(operation)],
            [text.by, actor],
            [text.requested, exactTime(Date.parse(createdAt))],
            [text.began, beganOf(operation)],
            [text.ended, finishedAt === undefined ? undefined : exactTime(Date.parse(finishedAt))],
            [text.parameters, valuesOf(operation.parameters)],
            [text.result, valuesOf(operation.result)],
            [text.id, <Code key="id">{id}</Code>],
          ]}
        />
      </Text>
      {isFinal(state) ? (
        <CommandBox command={`vcp operations get ${id}`} />
      ) : (
        <CommandBox title={text.follow} command={`vcp operations watch ${id}`} />
      )}
    </Stack>
  );
}

function projectOf({ project }: Operation): ReactNode {
  if (project === undefined) return undefined;
  return (
    <PageLink to="/projects/$project" params={{ project }}>
      {project}
    </PageLink>
  );
}

/** The cluster that it is in; one that it is about is named already. */
function clusterOf({ kind, cluster }: Operation): ReactNode {
  if (cluster === undefined || kind === 'cluster') return undefined;
  return (
    <PageLink to="/clusters/$name" params={{ name: cluster }}>
      {cluster}
    </PageLink>
  );
}

function beganOf({ createdAt, startedAt }: Operation): string | undefined {
  if (startedAt === undefined) return undefined;
  const waited = Date.parse(startedAt) - Date.parse(createdAt);
  return `${exactTime(Date.parse(startedAt))}${waited >= 1_000 ? ` (${text.waited(durationText(waited))})` : ''}`;
}

function valuesOf(values: Readonly<Record<string, unknown>> = {}): ReactNode {
  const entries = Object.entries(values);
  if (entries.length === 0) return undefined;
  return entries.map(([key, value]) => (
    <Text key={key} inherit>
      {key}: {typeof value === 'string' ? value : JSON.stringify(value)}
    </Text>
  ));
}
