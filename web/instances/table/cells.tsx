import { Text, VisuallyHidden } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import type { Row } from '../../server/instances.ts';
import { listText as text } from '../../text/instances.ts';
import { stateText } from '../../text/states.ts';
import { Age } from '../../components/age.tsx';
import { PageLink } from '../../components/links.tsx';
import { InstanceStateBadge } from '../../components/state-badge.tsx';
import { TargetLink } from '../../components/target-link.tsx';
import classes from './instance-table.module.css';

/** One line that is cut where it does not fit; whole when pointed at. */
export function Line({
  title,
  second = false,
  children,
}: {
  title?: string | undefined;
  second?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={second ? `${classes['line']} ${classes['second']}` : classes['line']} title={title}>
      {children}
    </span>
  );
}

function Lines({ children }: { children: ReactNode }) {
  return <div className={classes['lines']}>{children}</div>;
}

/** Name with what it is called, and its project where the list is of several. */
export function NameCell({ kind, row, hasProject }: { kind: ManagedKind; row: Row; hasProject: boolean }) {
  const { name, project, displayName } = row;
  const below = [hasProject ? project : '', displayName === name ? '' : (displayName ?? '')].filter(
    (part) => part !== '',
  );
  return (
    <Lines>
      <Line title={name}>
        <TargetLink target={{ kind, project, name }} fw={500} />
      </Line>
      {below.length > 0 && (
        <Line second title={below.join(' · ')}>
          {below.join(' · ')}
        </Line>
      )}
    </Lines>
  );
}

/** State, and why that is so and what changes it. */
export function StateCell({ row }: { row: Row }) {
  const { message, nextAttempt, phase, why = '', reason, lastOperationState } = row;
  const isBusy = lastOperationState === 'queued' || lastOperationState === 'running';
  const word = settledWords[phase];
  // The sentence begins with the word of the state: then both are one.
  if (!isBusy && word !== undefined && why.startsWith(word))
    return (
      <div className={classes['sentence']} title={why}>
        <InstanceStateBadge {...row} />
        <span className={classes['second']}>{why.slice(word.length)}</span>
      </div>
    );
  return (
    <Lines>
      <Line title={phase === 'Failed' ? (message ?? reason) : phase === 'Pending' ? why : undefined}>
        <InstanceStateBadge {...row} />
      </Line>
      {nextAttempt !== undefined && (
        <Line second title={nextAttempt}>
          {nextAttempt}
        </Line>
      )}
    </Lines>
  );
}

const settledWords: Readonly<Partial<Record<string, string>>> = {
  Ready: stateText.awake,
  Sleeping: stateText.asleep,
};

/** Template and version, with a mark where a newer one is there. */
export function TemplateCell({ kind, row }: { kind: ManagedKind; row: Row }) {
  const { template, templateVersion, latestTemplateVersion } = row;
  if (template === undefined)
    return (
      <Text span size="sm" c="dimmed" title={text.inlineWhy}>
        {text.inline}
      </Text>
    );
  const version = templateVersion ? `@${templateVersion}` : '';
  const newer = latestTemplateVersion === undefined ? undefined : text.newerVersion(latestTemplateVersion);
  return (
    <Lines>
      <Line title={`${template}${version}`}>
        <PageLink
          to="/templates/$plural/$name"
          params={{ plural: kindNames[kind].templates.plural, name: template }}
          c="inherit"
        >
          {template}
          {version}
        </PageLink>
      </Line>
      {newer !== undefined && (
        <Line second title={newer}>
          <IconArrowUp size={12} aria-hidden style={{ verticalAlign: '-2px' }} /> {latestTemplateVersion}
          <VisuallyHidden> {newer}</VisuallyHidden>
        </Line>
      )}
    </Lines>
  );
}

/** Connected cluster; a link for those who may see its page. */
export function ClusterCell({ row: { cluster }, isLink }: { row: Row; isLink: boolean }) {
  if (cluster === undefined) return <Unknown />;
  return (
    <Line title={cluster}>
      {isLink ? (
        <PageLink to="/clusters/$name" params={{ name: cluster }} c="inherit">
          {cluster}
        </PageLink>
      ) : (
        cluster
      )}
    </Line>
  );
}

/** Part of the last seven days that it slept. */
export function SleptCell({ row: { sleptPercent } }: { row: Row }) {
  if (sleptPercent === undefined) return <Unknown />;
  const words = `${Math.round(sleptPercent)} %`;
  return (
    <div className={classes['share']} title={text.slept(`${sleptPercent} %`)}>
      <div className={classes['bar']} aria-hidden>
        <span style={{ width: `${Math.min(100, Math.max(0, sleptPercent))}%` }} />
      </div>
      <span className={classes['percent']}>{words}</span>
    </div>
  );
}

/** Who used it last, how, and when. */
export function ActivityCell({ row: { lastActivity, lastActivityAt } }: { row: Row }) {
  if (lastActivityAt === undefined)
    return (
      <Text span size="sm" c="dimmed">
        {text.neverUsed}
      </Text>
    );
  if (lastActivity === undefined) return <Age at={lastActivityAt} plain />;
  return (
    <Lines>
      <Line title={lastActivity}>{lastActivity}</Line>
      <Line second>
        <Age at={lastActivityAt} plain />
      </Line>
    </Lines>
  );
}

export function OwnerCell({ row: { ownerUser, ownerTeam } }: { row: Row }) {
  if (ownerUser === undefined && ownerTeam === undefined) return <Unknown />;
  const owner = ownerUser ?? text.team(ownerTeam ?? '');
  return <Line title={owner}>{owner}</Line>;
}

export function PlainCell({ value }: { value: string | undefined }) {
  return value === undefined ? <Unknown /> : <Line title={value}>{value}</Line>;
}

function Unknown() {
  return (
    <Text span size="sm" c="dimmed" title={text.unknown}>
      –
    </Text>
  );
}

/** All of a row in one cell, for where there is no room for columns. */
export function CardCell({ kind, row }: { kind: ManagedKind; row: Row }) {
  return (
    <div className={classes['lines']}>
      <NameCell kind={kind} row={row} hasProject />
      <StateCell row={row} />
    </div>
  );
}
