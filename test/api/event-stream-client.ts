import { readFileSync } from 'node:fs';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Agent, fetch } from 'undici';
import type { ResourceEvent } from '../../contracts/events.ts';
import type { Operation } from '../../contracts/operations.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';
import { keyOf } from './user-calls.ts';

/** An open stream of `/api/v1/events`, and what it has told so far. */
export interface EventClient {
  readonly status: number;
  readonly events: readonly EventSourceMessage[];
  readonly lastId: () => string;
  readonly isOver: () => boolean;
  /** Whether it told this of an object of that name. */
  told(type: ResourceEvent['type'], name: string): ResourceEvent | undefined;
  toldOperation(id: string): Operation | undefined;
  /** Names of all objects that it told of. */
  names(): string[];
  close(): Promise<void>;
}

export async function openEvents(
  { url, caFile }: Pick<ManagementFixture, 'url' | 'caFile'>,
  user: string,
  { query = '', lastId }: { query?: string; lastId?: string } = {},
): Promise<EventClient> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile), timeout: 60_000 } });
  const response = await fetch(`${url}/api/v1/events${query}`, {
    dispatcher,
    headers: {
      authorization: `Bearer ${keyOf(user)}`,
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    },
  });
  const events: EventSourceMessage[] = [];
  let over = false;
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder();
  const reading = (async () => {
    for await (const chunk of response.body ?? [])
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
  })()
    .catch(() => undefined)
    .finally(() => {
      over = true;
    });
  const all = () =>
    events.filter(({ event }) => event === 'resource').map(({ data }) => JSON.parse(data) as ResourceEvent);
  if (response.status === 200) await eventually('the stream begins', () => events.length > 0);
  return {
    status: response.status,
    events,
    lastId: () => events.findLast(({ id }) => id !== undefined)?.id ?? '',
    isOver: () => over,
    told: (type, name) => all().findLast((one) => one.type === type && one.object.metadata.name === name),
    toldOperation: (id) =>
      events
        .filter(({ event }) => event === 'operation')
        .map(({ data }) => JSON.parse(data) as Operation)
        .findLast((operation) => operation.id === id),
    names: () => all().map(({ object }) => object.metadata.name),
    async close() {
      await dispatcher.destroy();
      await reading;
    },
  };
}
