import { Table, Text } from '@mantine/core';
import { StateBadge } from '../../components/state-badge.tsx';
import type { AnyObject } from '../../server/kubernetes-objects.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { pods } from './kinds.ts';
import { ObjectLink } from './object-link.tsx';
import { markOfStatus } from './object-state.ts';
import { Part, SmallTable } from './overview-part.tsx';
import { type ContainerState, containersOf } from './pod-container-list.ts';

/** The containers of a pod and how they are. */
export function PodContainers({ pod }: { pod: AnyObject }) {
  const { name, image, state, restarts } = text.container;
  const { metadata } = pod;
  return (
    <Part title={text.containers}>
      <SmallTable label={text.containers} heads={[name, state, restarts, image]}>
        {containersOf(pod).map((container) => (
          <Table.Tr key={container.name}>
            <Table.Td>
              <ObjectLink
                type={pods}
                namespace={metadata.namespace}
                name={metadata.name}
                view={`logs/${container.name}`}
              >
                {container.name}
              </ObjectLink>
              {container.isInit && (
                <Text span inherit c="dimmed">
                  {` (${text.init})`}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <State state={container.state} />
            </Table.Td>
            <Table.Td>{container.restarts}</Table.Td>
            <Table.Td miw={180} style={{ overflowWrap: 'anywhere' }}>
              {container.image}
            </Table.Td>
          </Table.Tr>
        ))}
      </SmallTable>
    </Part>
  );
}

function State({ state }: { state: ContainerState | undefined }) {
  if (state?.running !== undefined) return <StateBadge mark="good">{text.running}</StateBadge>;
  if (state?.terminated !== undefined) {
    const { reason = '', exitCode = 0 } = state.terminated;
    return <StateBadge mark={exitCode === 0 ? 'done' : 'failed'}>{text.ended(reason, exitCode)}</StateBadge>;
  }
  const { reason, message } = state?.waiting ?? {};
  return (
    <>
      <StateBadge mark={markOfStatus(reason ?? '') ?? 'waiting'}>{reason ?? text.waiting}</StateBadge>
      {message !== undefined && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {message}
        </Text>
      )}
    </>
  );
}
