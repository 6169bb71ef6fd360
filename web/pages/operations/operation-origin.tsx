import { useQuery } from '@tanstack/react-query';
import type { Operation } from '../../../contracts/operations.ts';
import { rest } from '../../server/rest.ts';
import { operationPageText } from '../../text/operations.ts';

const text = operationPageText.origins;

/** How an operation came: from the console, a command, a schedule; nothing if it is not known. */
export function OperationOrigin({ operation, before = '' }: { operation: Operation; before?: string }) {
  const { actor, requestId } = operation;
  const byPolicy =
    actor === 'schedule' ? text.schedule : actor === 'inactivity' ? text.inactivity : undefined;
  const { data: agent } = useQuery({
    queryKey: ['origin', requestId],
    staleTime: Infinity,
    retry: false,
    // A change of the resource leaves no request: how that came is not known.
    enabled: byPolicy === undefined && requestId !== undefined,
    queryFn: async () => {
      const query = { requestId: requestId ?? '', limit: '1' };
      return (await rest.listAuditEvents({ query })).items[0]?.userAgent ?? null;
    },
  });
  const how = byPolicy ?? (agent === undefined || agent === null ? undefined : nameOf(agent));
  return how === undefined ? null : `${before}${how}`;
}

/** What sent a request, from what it says of itself. */
function nameOf(agent: string): string {
  if (/^vcp\b/.test(agent)) return text.command;
  if (agent.startsWith('Mozilla/')) return text.console;
  return text.with(/^[^/\s]+/.exec(agent)?.[0] ?? agent);
}
