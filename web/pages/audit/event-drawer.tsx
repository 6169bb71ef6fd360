import { Code, Drawer, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { AuditEvent } from '../../../contracts/audit.ts';
import { CopyIcon } from '../../components/command-box.tsx';
import { Facts } from '../../components/facts.tsx';
import { PageLink } from '../../components/links.tsx';
import { TargetLink } from '../../components/target-link.tsx';
import { durationText, exactTime } from '../../components/time.ts';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import { auditText } from '../../text/audit.ts';
import { Answer } from './audit-columns.tsx';
import { objectWords, userWords } from './event-words.ts';

const text = auditText.event;

/** All that is recorded of a request. */
export function EventDrawer({ event, onClose }: { event: AuditEvent; onClose: () => void }) {
  useReturnFocus();
  const { id, receivedAt, method, path, latencyMs, operationId, user } = event;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={text.title(event.verb, objectWords(event))}
      styles={{ title: { overflowWrap: 'anywhere' } }}
    >
      <Stack gap="lg">
        <Facts
          facts={[
            [text.receivedAt, exactTime(Date.parse(receivedAt))],
            [text.user, userWords(event)],
            [text.credential, credentialOf(event)],
            [text.source, event.sourceAddress],
            [text.userAgent, event.userAgent],
            [text.request, <Code key="path">{`${method} ${path}`}</Code>],
            ...placeFacts(event),
            [text.answer, <Answer key="answer" event={event} />],
            [text.reason, event.reason],
            [text.latency, latencyMs === undefined ? undefined : durationText(latencyMs)],
            [text.stage, event.stage],
            [text.level, event.level],
            [text.operation, operationId && operationLink(operationId, onClose)],
            [text.source2, event.sourceTenantCluster],
            [text.id, <Copied key="id" value={id} />],
          ]}
        />
        <Stack gap={4}>
          <PageLink to="/audit" search={{ requestId: id }} fz="sm" onClick={onClose}>
            {text.sameRequest}
          </PageLink>
          {operationId !== undefined && (
            <PageLink to="/audit" search={{ operationId }} fz="sm" onClick={onClose}>
              {text.sameOperation}
            </PageLink>
          )}
          {user !== undefined && (
            <PageLink to="/audit" search={{ user }} fz="sm" onClick={onClose}>
              {text.sameUser}
            </PageLink>
          )}
        </Stack>
        <Body title={text.body} body={event.requestBody} />
        <Body title={text.answerBody} body={event.responseBody} />
      </Stack>
    </Drawer>
  );
}

function placeFacts(event: AuditEvent): (readonly [string, ReactNode])[] {
  const {
    project = '',
    tenantCluster,
    space,
    cluster,
    resource,
    subresource,
    apiGroup,
    namespace,
    name,
  } = event;
  return [
    [text.api, apiGroup],
    [text.resource, resource && (subresource === undefined ? resource : `${resource}/${subresource}`)],
    [text.namespace, namespace],
    [text.name, name],
    [
      text.project,
      project !== '' && (
        <PageLink to="/projects/$project" params={{ project }}>
          {project}
        </PageLink>
      ),
    ],
    [
      text.tenantCluster,
      tenantCluster && <TargetLink target={{ kind: 'tenant', project, name: tenantCluster }} />,
    ],
    [text.space, space && <TargetLink target={{ kind: 'space', project, name: space }} />],
    [text.cluster, cluster && <TargetLink target={{ kind: 'cluster', project: '', name: cluster }} />],
  ];
}

function credentialOf({ credentialKind, credentialName }: AuditEvent): string | undefined {
  if (credentialKind === undefined) return undefined;
  return credentialName === undefined ? credentialKind : text.key(credentialKind, credentialName);
}

function operationLink(id: string, onClose: () => void) {
  return (
    <PageLink to="/operations/$id" params={{ id }} onClick={onClose}>
      {id}
    </PageLink>
  );
}

function Copied({ value }: { value: string }) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}>
      <Code>{value}</Code>
      <CopyIcon value={value} />
    </span>
  );
}

function Body({ title, body }: { title: string; body: unknown }) {
  if (body === undefined) return null;
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Code block style={{ maxHeight: 320, overflow: 'auto' }}>
        {JSON.stringify(body, null, 2)}
      </Code>
    </Stack>
  );
}
