import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  EventsEnd,
  EventsStart,
  eventSubjects,
  type EventSubject,
  ResourceEvent,
} from '../../contracts/events.ts';
import type { ConsoleEvents } from '../events/console-events.ts';
import type { Gateway } from '../gateway.ts';
import { sendEvents } from '../http/event-stream.ts';
import { dnsLabel } from '../../contracts/rest/values.ts';
import { callerOf } from '../plugins/access.ts';
import { openingRequest, recheckOf } from '../proxy/recheck.ts';

/** One event of the stream. */
const ConsoleEvent = Type.Object({
  event: Type.Enum(['start', 'resource', 'operation', 'end']),
  id: Type.Optional(Type.String({ description: 'For `Last-Event-ID`' })),
  data: Type.String({ description: 'EventsStart, ResourceEvent, Operation or EventsEnd as JSON' }),
});

const subject = `(${eventSubjects.join('|')})`;

/** What happens to all that the caller may see, as one stream: for a console. */
export async function eventRoutes(
  instance: FastifyInstance,
  gateway: Gateway,
  events: ConsoleEvents,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  for (const schema of [EventsStart, ResourceEvent, EventsEnd]) app.addSchema(schema);
  app.get(
    '/api/v1/events',
    {
      config: {
        access: 'authenticated',
        scope: 'reviewed',
        failures: ['too_many_streams'],
        curl: { query: '?resources=operations&timeoutSeconds=2', options: '-N' },
      },
      schema: {
        summary: 'Follow all that you may see',
        description: [
          'Server-sent events. First comes `start` (EventsStart): `resumed: false` means that whatever you show has to be listed, now; from then on nothing is missed.',
          '`resource` (ResourceEvent) says what an object is now, or that there is none any more for you; `operation` (Operation) what an operation is now.',
          'What changes faster than it is read is told once, as it is at the end. What becomes visible or invisible because a right came or went is told, too.',
          'A client that is cut off comes again with `Last-Event-ID` within two minutes and goes on without loss (`start` with `resumed: true`), or is told to list again.',
          '`start` with `resumed: false` may also come in between. `end` (EventsEnd) says why the platform ended the stream: the key expired or was revoked, or groups have changed.',
          'A comment every 15 s keeps the connection open. One caller may have 20 streams.',
        ].join('\n\n'),
        operationId: 'watchEvents',
        tags: ['events'],
        headers: Type.Object({
          'last-event-id': Type.Optional(
            Type.String({ description: 'Id of the last event that you have seen' }),
          ),
        }),
        querystring: Type.Object(
          {
            project: Type.Optional(dnsLabel('Only the project and what is in it')),
            resources: Type.Optional(
              Type.String({
                pattern: `^${subject}(,${subject})*$`,
                maxLength: 500,
                description: `Of ${eventSubjects.join(', ')}, separated by commas; default all`,
              }),
            ),
            timeoutSeconds: Type.Optional(
              Type.String({ pattern: '^[1-9][0-9]{0,3}$', description: 'End after so long; default never' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description: 'Server-sent events',
            content: { 'text/event-stream': { schema: ConsoleEvent } },
          },
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { project, resources, timeoutSeconds } = request.query;
      const subjects = new Set((resources?.split(',') ?? eventSubjects) as EventSubject[]);
      const source = await events.open(caller, { project, subjects }, request.headers['last-event-id']);
      // Each event asks again what may be seen.
      const recheck = () =>
        recheckOf(gateway, openingRequest(request.raw), caller, async () => undefined, {
          about: () => 'events',
        });
      await sendEvents(request, reply, {
        source: (signal) => source(endingAfter(signal, timeoutSeconds)),
        opened: (abort) => gateway.streams.add(caller, abort, recheck),
      });
    },
  );
}

function endingAfter(signal: AbortSignal, seconds: string | undefined): AbortSignal {
  return seconds === undefined
    ? signal
    : AbortSignal.any([signal, AbortSignal.timeout(Number(seconds) * 1000)]);
}
