import { type SQL, sql } from 'drizzle-orm';
import type { OperationKind } from '../../contracts/kinds.ts';

/** Which records are counted: those of these uids, and all of a kind in these projects, with all that is gone of them. */
export interface CountedRecords {
  readonly uids: readonly string[];
  readonly projects: readonly { readonly kind: OperationKind; readonly uid: string }[];
}

/** SQL: whether a row of operations is one of them. Rows of which no project is known are in none. */
export function isCounted(counted: CountedRecords | 'all'): SQL {
  if (counted === 'all') return sql`true`;
  const projects = counted.projects.map(({ kind, uid }) => `${kind}/${uid}`);
  return sql`(uid = any(${textArray(counted.uids)})
    or coalesce(kind || '/' || project_uid = any(${textArray(projects)}), false))`;
}

/** SQL: one parameter, however many there are. */
export function textArray(texts: readonly string[]): SQL {
  return sql`${sql.param([...texts])}::text[]`;
}
