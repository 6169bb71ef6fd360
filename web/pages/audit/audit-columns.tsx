import { Anchor, Text } from '@mantine/core';
import type { AuditEvent } from '../../../contracts/audit.ts';
import { Age } from '../../components/age.tsx';
import type { Column } from '../../components/data-table.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { auditText as text } from '../../text/audit.ts';
import { isRefused, objectWords, placeWords, userWords } from './event-words.ts';

export function columnsOf(onOpen: (event: AuditEvent) => void): readonly Column<AuditEvent>[] {
  const { columns } = text;
  return [
    { key: 'time', title: columns.time, width: 130, cell: ({ receivedAt }) => <Age at={receivedAt} /> },
    { key: 'user', title: columns.user, cell: (event) => <OneLine words={userWords(event)} least={90} /> },
    {
      key: 'what',
      title: columns.what,
      cell: (event) => {
        const words = `${event.verb} ${objectWords(event)}`;
        return (
          <Anchor
            component="button"
            type="button"
            inherit
            ta="left"
            onClick={() => onOpen(event)}
            lineClamp={1}
            miw={220}
            title={words}
            style={{ wordBreak: 'break-all' }}
          >
            {words}
          </Anchor>
        );
      },
    },
    {
      key: 'where',
      title: columns.where,
      cell: (event) => <OneLine words={placeWords(event)} least={160} />,
    },
    { key: 'answer', title: columns.answer, width: 190, cell: (event) => <Answer event={event} /> },
    { key: 'from', title: columns.from, width: 140, cell: ({ sourceAddress = '' }) => sourceAddress },
  ];
}

/** @param least its width on screens with little room, in pixels */
function OneLine({ words, least }: { words: string; least: number }) {
  return (
    <Text span inherit lineClamp={1} miw={least} title={words} style={{ wordBreak: 'break-all' }}>
      {words}
    </Text>
  );
}

/** How it ended: the status of the answer, with what is out of the ordinary in words. */
export function Answer({ event }: { event: AuditEvent }) {
  const { code, stage, reason } = event;
  const words = [code, text.stages[stage] || (isRefused(event) ? reason : undefined)]
    .filter((word) => word !== undefined && word !== '')
    .join(' ');
  if (isRefused(event)) return <StateBadge mark="failed">{words}</StateBadge>;
  if (stage === 'streaming') return <StateBadge mark="busy">{words}</StateBadge>;
  return stage === 'complete' ? words : <StateBadge mark="unknown">{words}</StateBadge>;
}
