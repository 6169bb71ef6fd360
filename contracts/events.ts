import { type Static, Type } from 'typebox';
import { managedPlurals, templatePlurals } from './kinds.ts';
import type { ResourceOf, ResourcePlural } from './resources/resource-kinds.ts';

/** The resources of the management API whose changes `/api/v1/events` tells. */
export const eventPlurals = [
  'projects',
  'clusters',
  ...templatePlurals,
  ...managedPlurals,
] as const satisfies readonly ResourcePlural[];
export type EventPlural = (typeof eventPlurals)[number];

/** What one may ask `/api/v1/events` for. */
export const eventSubjects = [...eventPlurals, 'operations'] as const;
export type EventSubject = (typeof eventSubjects)[number];

/** Data of event `start`. */
export const EventsStart = Type.Object(
  {
    resumed: Type.Boolean({
      description:
        'true: nothing was missed since `Last-Event-ID`. false: list again whatever you show; from here on nothing is missed',
    }),
  },
  { $id: 'EventsStart', additionalProperties: false },
);
export type EventsStart = Static<typeof EventsStart>;

/** Data of event `resource`. */
export const ResourceEvent = Type.Object(
  {
    type: Type.Enum(['changed', 'deleted'], {
      description:
        '`changed`: this is it now, whether or not it was there before. `deleted`: it is gone, or you may not see it any more',
    }),
    resource: Type.Enum([...eventPlurals]),
    object: Type.Object(
      {
        metadata: Type.Object(
          {
            name: Type.String(),
            namespace: Type.Optional(Type.String()),
            uid: Type.Optional(Type.String()),
          },
          { additionalProperties: true },
        ),
      },
      {
        additionalProperties: true,
        description:
          'As GET shows it to you, without `metadata.managedFields`; of what is deleted its name, namespace and uid',
      },
    ),
  },
  { $id: 'ResourceEvent', additionalProperties: false },
);
/** What names an object. */
export interface ObjectName {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** {@link ResourceEvent}, with the type of each resource. */
export type ResourceEvent =
  | {
      [P in EventPlural]: { readonly type: 'changed'; readonly resource: P; readonly object: ResourceOf[P] };
    }[EventPlural]
  | {
      readonly type: 'deleted';
      readonly resource: EventPlural;
      readonly object: { readonly metadata: ObjectName };
    };

/** Data of event `end`: why the stream was ended by the platform. */
export const EventsEnd = Type.Object(
  { code: Type.String(), detail: Type.String() },
  { $id: 'EventsEnd', additionalProperties: false },
);
export type EventsEnd = Static<typeof EventsEnd>;
