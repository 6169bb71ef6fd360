import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from '../../components/page-states.tsx';
import type { AnyObject } from '../../server/kubernetes-objects.ts';
import { eventsQuery, type TenantApi } from '../../server/tenant-api.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { events } from './kinds.ts';
import { Part, SmallTable } from './overview-part.tsx';
import { cellText, rowKey, sortedRows } from './table-rows.ts';

const shown = ['Last Seen', 'Type', 'Reason', 'Message'];

/** What was told of an object lately, the newest first. */
export function ObjectEvents({ api, object }: { api: TenantApi; object: AnyObject }) {
  const query = useQuery(eventsQuery(api, object));
  return (
    <Part title={text.events}>
      <Loaded query={query} rows={2}>
        {(table) => {
          const indexes = shown.map((name) => table.columnDefinitions.findIndex((one) => one.name === name));
          if (table.rows.length === 0)
            return (
              <Text size="sm" c="dimmed">
                {text.noEvents}
              </Text>
            );
          return (
            <SmallTable label={text.events} heads={shown}>
              {sortedRows(table.rows, { pages: [table], type: events, sort: undefined }).map((row) => (
                <Table.Tr key={rowKey(row)}>
                  {indexes.map((index, at) => (
                    <Table.Td
                      key={shown[at]}
                      style={
                        shown[at] === 'Message' ? { overflowWrap: 'anywhere' } : { whiteSpace: 'nowrap' }
                      }
                    >
                      {cellText(row.cells[index])}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </SmallTable>
          );
        }}
      </Loaded>
    </Part>
  );
}
