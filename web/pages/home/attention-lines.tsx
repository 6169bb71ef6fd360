import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../../contracts/operations.ts';
import type { AccessKey } from '../../../contracts/resources/access-key.ts';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { Age, useNow } from '../../components/age.tsx';
import { isOffered } from '../../instances/actions/instance-action.ts';
import type { StartAction } from '../../instances/actions/use-instance-actions.tsx';
import { ButtonLink, PageLink } from '../../components/links.tsx';
import { firstSentence } from '../../components/state-badge.tsx';
import { TargetLink } from '../../components/target-link.tsx';
import { durationText } from '../../components/time.ts';
import type { Row } from '../../server/instances.ts';
import { operationQuery } from '../../server/operations.ts';
import { homeText as text } from '../../text/home.ts';
import { verbText } from '../../text/states.ts';
import { AttentionLine } from './attention-line.tsx';

const button = { size: 'xs', variant: 'default' } as const;

/** A tenant cluster or space that failed. */
export function FailedRowLine({ kind, row, start }: { kind: ManagedKind; row: Row; start: StartAction }) {
  const { project, name, message, reason, nextAttempt, lastOperation } = row;
  // Only the operation says since when.
  const { data: operation } = useQuery({
    ...operationQuery(lastOperation ?? ''),
    enabled: lastOperation !== undefined,
  });
  const why = [firstSentence(message) || reason, nextAttempt].filter(Boolean).join(' · ');
  return (
    <AttentionLine
      mark="failed"
      what={
        <>
          <TargetLink target={{ kind, project, name }} fw={500} /> {text.failed}
        </>
      }
      why={[text.inProject(project), why].filter(Boolean).join(' · ')}
      when={operation?.finishedAt === undefined ? undefined : <Age at={operation.finishedAt} />}
      action={
        isOffered('retry', row) ? (
          <Button {...button} onClick={() => start('retry', { kind, project, name })}>
            {text.retry}
          </Button>
        ) : (
          lastOperation !== undefined && <ToOperation id={lastOperation}>{text.seeWhy}</ToOperation>
        )
      }
    />
  );
}

/** An operation that failed and left what it was about as it was. */
export function FailedOperationLine({ operation }: { operation: Operation }) {
  const { id, type, message, finishedAt, actor } = operation;
  return (
    <AttentionLine
      mark="failed"
      what={
        <PageLink to="/operations/$id" params={{ id }}>
          {text.failedOperation(verbText[type] ?? type, targetOf(operation).name)}
        </PageLink>
      }
      why={[firstSentence(message), actor].filter(Boolean).join(' · ')}
      when={<Age at={finishedAt} />}
      action={<ToOperation id={id}>{text.seeWhy}</ToOperation>}
    />
  );
}

/** An operation that runs far longer than it should. */
export function StuckLine({ operation }: { operation: Operation }) {
  const { id, type, startedAt = '', expectedMs } = operation;
  const elapsed = Math.max(0, useNow() - Date.parse(startedAt));
  return (
    <AttentionLine
      mark="busy"
      what={
        <PageLink to="/operations/$id" params={{ id }}>
          {text.stuck(verbText[type] ?? type, targetOf(operation).name)}
        </PageLink>
      }
      why={text.stuckWhy(durationText(elapsed), durationText(expectedMs))}
      action={<ToOperation id={id}>{text.follow}</ToOperation>}
    />
  );
}

function ToOperation({ id, children }: { id: string; children: string }) {
  return (
    <ButtonLink {...button} to="/operations/$id" params={{ id }}>
      {children}
    </ButtonLink>
  );
}

/** A connected cluster that the platform does not reach. */
export function ClusterLine({ cluster }: { cluster: Cluster }) {
  const { name } = cluster.metadata;
  const { message, lastSeen } = cluster.status ?? {};
  return (
    <AttentionLine
      mark="offline"
      what={
        <PageLink to="/clusters/$name" params={{ name }}>
          {text.offline(name)}
        </PageLink>
      }
      why={message || text.offlineWhy}
      when={
        lastSeen && (
          <>
            {text.lastSeen} <Age at={lastSeen} />
          </>
        )
      }
      action={
        <ButtonLink {...button} to="/clusters/$name" params={{ name }}>
          {text.look}
        </ButtonLink>
      }
    />
  );
}

/** An access key of the reader that ends soon. */
export function KeyLine({ accessKey, endsAt }: { accessKey: AccessKey; endsAt: number }) {
  return (
    <AttentionLine
      mark="waiting"
      what={text.keyEnds(accessKey.spec.displayName || accessKey.metadata.name)}
      why={text.keyEndsWhy}
      when={
        <>
          {text.ends} <Age at={endsAt} />
        </>
      }
      action={
        <ButtonLink {...button} to="/access-keys">
          {text.keys}
        </ButtonLink>
      }
    />
  );
}
