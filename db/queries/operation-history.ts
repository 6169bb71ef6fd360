import { type SQL, sql } from 'drizzle-orm';
import type { OperationKind } from '../../contracts/kinds.ts';
import type { EndedOperations } from '../../contracts/rest/history-routes.ts';
import { type OperationType, operationTypes } from '../../contracts/verbs.ts';
import type { HistoryWindow } from '../../domain/usage/history-window.ts';
import type { Queries } from '../client.ts';
import { type CountedRecords, isCounted, textArray } from './counted-records.ts';

/** Which operations are counted; every condition that is there must hold. */
export interface EndedFilter {
  readonly projects?: readonly string[] | undefined;
  readonly kinds?: readonly OperationKind[] | undefined;
  readonly types?: readonly OperationType[] | undefined;
  readonly counted: CountedRecords | 'all';
}

/** What ended in a window, in all and in each bucket; buckets in which nothing ended are left out. */
export interface EndedCounts {
  readonly total: EndedOperations;
  readonly buckets: ReadonlyMap<number, EndedOperations>;
}

/** Operations that succeeded, failed or were cancelled in the time of `window`. @throws PlatformError `database_unavailable` */
export async function countEndedOperations(
  db: Queries,
  { from, to, stepMs }: HistoryWindow,
  filter: EndedFilter,
): Promise<EndedCounts> {
  const begin = sql`${from.toISOString()}::timestamptz`;
  const { rows } = await db.execute<Record<string, unknown>>(sql`
    select bucket, ${count(sql`state = 'succeeded'`)} as succeeded, ${count(sql`state = 'failed'`)} as failed,
      ${count(sql`state = 'cancelled'`)} as cancelled,
      ${sql.join(
        operationTypes.map((type) => sql`${count(sql`type = ${type}`)} as ${sql.identifier(type)}`),
        sql`, `,
      )},
      percentile_cont(0.5) within group (order by ms) as median_ms,
      percentile_cont(0.95) within group (order by ms) as p95_ms
    from (
      select state, type, floor(extract(epoch from finished_at - ${begin}) / ${stepMs / 1000})::int as bucket,
        case when state = 'succeeded' then extract(epoch from finished_at - started_at)::float8 * 1000 end as ms
      from operations
      where finished_at >= ${begin} and finished_at < ${to.toISOString()}::timestamptz
        and state in ('succeeded', 'failed', 'cancelled') and ${isAny('project', filter.projects)}
        and ${isAny('kind', filter.kinds)} and ${isAny('type', filter.types)} and ${isCounted(filter.counted)}
    ) ended group by grouping sets ((bucket), ())`);
  const counts = rows.map((row) => [row['bucket'], endedOf(row)] as const);
  return {
    total: counts.find(([bucket]) => bucket === null)?.[1] ?? endedOf({}),
    buckets: new Map(counts.flatMap(([bucket, ended]) => (bucket === null ? [] : [[Number(bucket), ended]]))),
  };
}

/** Where nothing ended. */
export function nothingEnded(): EndedOperations {
  return endedOf({});
}

function endedOf(row: Readonly<Record<string, unknown>>): EndedOperations {
  const number = (name: string) => Number(row[name] ?? 0);
  const duration = <N extends string>(name: N, value: unknown) =>
    (typeof value === 'number' ? { [name]: Math.round(value) } : {}) as { [K in N]?: number };
  return {
    succeeded: number('succeeded'),
    failed: number('failed'),
    cancelled: number('cancelled'),
    types: Object.fromEntries(
      operationTypes.flatMap((type) => (number(type) === 0 ? [] : [[type, number(type)]])),
    ),
    ...duration('medianMs', row['median_ms']),
    ...duration('p95Ms', row['p95_ms']),
  };
}

function count(condition: SQL): SQL {
  return sql`(count(*) filter (where ${condition}))::int`;
}

/** SQL: whether a column holds one of `values`; left out: whatever it holds. */
function isAny(column: string, values: readonly string[] | undefined): SQL {
  return values === undefined ? sql`true` : sql`${sql.identifier(column)} = any(${textArray(values)})`;
}
