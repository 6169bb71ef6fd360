import { managementVersion } from '../../../contracts/names.ts';

/** A JSON schema as OpenAPI 3.0 has it. */
export type Schema = Readonly<Record<string, unknown>>;

/** Name of a kind's schema, as API servers publish it. */
export const schemaName = (kind: string) => `sh.loft.management.${managementVersion}.${kind}`;

/** Their fields are told in a sentence each. */
export const text = (description: string): Schema => ({ type: 'string', description });
export const flag = (description: string): Schema => ({ type: 'boolean', description });
export const seconds = (description: string): Schema => ({ type: 'integer', format: 'int64', description });
export const object = (description: string, properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  description,
  properties,
});
export const list = (description: string, items: Schema): Schema => ({ type: 'array', description, items });
export const stored = (kind: string): Schema => ({ $ref: `#/components/schemas/${schemaName(kind)}` });
