import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type OperationTarget, targetNames } from '../../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../../contracts/operations.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { commandOf, factsOf, isOffered } from '../../instances/actions/instance-action.ts';
import { useInstanceActions } from '../../instances/actions/use-instance-actions.tsx';
import { ButtonLink, PageLink } from '../../components/links.tsx';
import { OperationStateBadge } from '../../components/state-badge.tsx';
import { TargetLink } from '../../components/target-link.tsx';
import { consoleKinds } from '../../server/console-kinds.ts';
import { instanceQuery } from '../../server/instances.ts';
import { RequestFailure } from '../../server/problem.ts';
import { operationPageText as text } from '../../text/operations.ts';
import { verbText } from '../../text/states.ts';

/** What one can do after an operation that did not succeed. */
export function WayOn({ operation }: { operation: Operation }) {
  const { state, kind } = operation;
  if (state !== 'failed' && state !== 'cancelled') return null;
  const { project, name } = targetOf(operation);
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{text.next}</Title>
      {kind === 'cluster' ? (
        <Text size="sm">
          {text.look(targetNames[kind].noun)} <TargetLink target={{ kind, project, name }} />
        </Text>
      ) : (
        <OfInstance operation={operation} target={{ kind, project, name }} />
      )}
    </Stack>
  );
}

function OfInstance({ operation, target }: { operation: Operation; target: OperationTarget }) {
  const { noun } = targetNames[target.kind];
  const { data: instance, error } = useQuery(instanceQuery(target));
  if (error instanceof RequestFailure && error.status === 404)
    return <Text size="sm">{text.gone(noun)}</Text>;
  if (instance === undefined) return null;
  if (operation.uid !== undefined && instance.metadata.uid !== operation.uid)
    return (
      <Text size="sm">
        {text.replaced(noun)} <TargetLink target={target} />
      </Text>
    );
  const isOfSnapshots = operation.type === 'snapshot' || operation.type === 'restore';
  const isLast = instance.status?.lastOperation?.id === operation.id;
  return (
    <>
      {isLast ? <NextAttempt instance={instance} /> : <Later instance={instance} />}
      {isLast && !isOfSnapshots && isOffered('retry', factsOf(instance)) && <Retry target={target} />}
      <ToInstance target={target} isOfSnapshots={isOfSnapshots} />
    </>
  );
}

/** When the platform tries it again by itself, or what it waits for. */
function NextAttempt({ instance: { status } }: { instance: ManagedInstance }) {
  const message = status?.nextAttempt?.message;
  return message === undefined ? null : <Text size="sm">{message}</Text>;
}

/** What was done to it since. */
function Later({ instance: { status } }: { instance: ManagedInstance }) {
  const last = status?.lastOperation;
  if (last === undefined) return null;
  return (
    <Group gap="xs">
      <Text size="sm">{text.laterOperation}:</Text>
      <PageLink to="/operations/$id" params={{ id: last.id }} size="sm">
        {verbText[last.type]}
      </PageLink>
      <OperationStateBadge state={last.state} />
    </Group>
  );
}

function Retry({ target }: { target: OperationTarget }) {
  const { start, dialog } = useInstanceActions();
  return (
    <>
      <Button onClick={() => start('retry', target)} style={{ alignSelf: 'flex-start' }}>
        {text.retry}
      </Button>
      <CommandBox command={commandOf('retry', target)} />
      {dialog}
    </>
  );
}

function ToInstance({
  target: { kind, project, name },
  isOfSnapshots,
}: {
  target: OperationTarget;
  isOfSnapshots: boolean;
}) {
  return (
    <ButtonLink
      variant="default"
      to={consoleKinds[kind].pages.one}
      params={{ project, name }}
      search={isOfSnapshots ? { tab: 'snapshots' } : {}}
      style={{ alignSelf: 'flex-start' }}
    >
      {isOfSnapshots ? text.toSnapshots : text.toInstance(targetNames[kind].noun)}
    </ButtonLink>
  );
}
