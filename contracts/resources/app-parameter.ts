import { type Static, Type } from 'typebox';
import { openObject } from './open-object.ts';

const appParameterTypes = ['string', 'number', 'boolean', 'password', 'multiline'] as const;

/** One parameter of a template. `defaultValue` is always a string, whatever the type. */
export const AppParameter = openObject({
  variable: Type.String({ minLength: 1, description: 'Name under .Values; dots descend' }),
  label: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  type: Type.Optional(Type.Enum(['', ...appParameterTypes])),
  options: Type.Optional(Type.Array(Type.String())),
  min: Type.Optional(Type.Integer()),
  max: Type.Optional(Type.Integer()),
  required: Type.Optional(Type.Boolean()),
  defaultValue: Type.Optional(Type.String()),
  placeholder: Type.Optional(Type.String()),
  validation: Type.Optional(Type.String({ description: 'Regular expression that the value must match' })),
  invalidation: Type.Optional(
    Type.String({ description: 'Regular expression that the value must not match' }),
  ),
  section: Type.Optional(Type.String()),
});
export type AppParameter = Static<typeof AppParameter>;
