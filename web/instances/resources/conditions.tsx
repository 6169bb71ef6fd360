import { Table } from '@mantine/core';
import { Age } from '../../components/age.tsx';
import type { AnyObject } from '../../server/kubernetes-objects.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { Part, SmallTable } from './overview-part.tsx';

interface Condition {
  readonly type: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string | null;
}

/** What an object says of itself in `status.conditions`, as most kinds have it. */
export function Conditions({ object }: { object: AnyObject }) {
  const { conditions } = (object['status'] ?? {}) as { conditions?: unknown };
  if (!Array.isArray(conditions) || conditions.length === 0) return null;
  const { type, status, message, since } = text.condition;
  return (
    <Part title={text.conditions}>
      <SmallTable label={text.conditions} heads={[type, status, message, since]}>
        {(conditions as readonly Condition[]).map((one) => (
          <Table.Tr key={one.type}>
            <Table.Td>{one.type}</Table.Td>
            <Table.Td>{one.status}</Table.Td>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>
              {[one.reason, one.message].filter(Boolean).join(': ') || '–'}
            </Table.Td>
            <Table.Td>
              <Age at={one.lastTransitionTime ?? undefined} />
            </Table.Td>
          </Table.Tr>
        ))}
      </SmallTable>
    </Part>
  );
}
