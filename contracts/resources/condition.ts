import { type Static, Type } from 'typebox';

/** One observed aspect of a resource; at most one of each `type`. */
export const Condition = Type.Object({
  type: Type.String({ minLength: 1 }),
  status: Type.Enum(['True', 'False', 'Unknown']),
  severity: Type.Optional(
    Type.String({ description: 'Error, Warning, Info or empty; says how bad status False is' }),
  ),
  lastTransitionTime: Type.Optional(Type.String({ format: 'date-time' })),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});
export type Condition = Static<typeof Condition>;

/** `status.conditions`: a list keyed by type, so that two writers with server-side apply do not overwrite each other. */
export const Conditions = Type.Array(Condition, {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
});

/** Conditions that kstatus reads of any resource. */
export const kstatusConditions = { ready: 'Ready', reconciling: 'Reconciling', stalled: 'Stalled' } as const;

/** Condition that names the fields of `spec` the platform keeps but does not act on. */
export const fieldsIgnoredCondition = 'FieldsIgnored';
