import { Type } from 'typebox';
import { uuid } from '../http/parameters.ts';

/** Which part of a list of operations. */
export const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.String({ pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$', description: '1 to 200; default 50' }),
    ),
    before: Type.Optional(uuid('Only those older than this operation')),
  },
  { additionalProperties: false },
);
const defaultLimit = 50;

/** What a {@link PageQuery} asks for. */
export function pageOf({ limit, before }: { limit?: string; before?: string }): {
  limit: number;
  before?: string;
} {
  return {
    limit: limit === undefined ? defaultLimit : Number(limit),
    ...(before === undefined ? {} : { before }),
  };
}
