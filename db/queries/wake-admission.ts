import { sql } from 'drizzle-orm';
import { managedKinds, type OperationKind } from '../../contracts/kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import type { Queries } from '../client.ts';
import type { OperationRow } from '../schema/operations.ts';

/** How many wakes may run at the same time in one connected cluster. */
export interface WakeAdmission {
  readonly atOnce: number;
}

/**
 * Time for which a wake that runs takes its place: the start of a control plane is what costs. One that never becomes ready
 * keeps others waiting no longer than this.
 */
const placeSeconds = 10;
/** One that waits longer was left by those who should run it, and holds up no one that came later. */
const patienceSeconds = 120;

const admittedKinds = managedKinds.filter((kind) => descriptorOf(kind).startsControlPlane);
/** SQL: the kinds of which wakes are counted. */
const kinds = sql.join(
  admittedKinds.map((kind) => sql`${kind}`),
  sql`, `,
);

/** Where clause: `one` waits for nothing but its admission. */
const isFirstOfItsOwn = sql`not exists (
  select from operations other
  where other.kind = one.kind and other.project = one.project and other.name = one.name
    and other.state in ('queued', 'running') and other.sequence < one.sequence)`;

/** SQL: wakes in the connected cluster of `mine` that take a place, or are to have one before it. */
const wakesBeforeMine = sql`(
  select count(*) from operations one
  where one.kind in (${kinds}) and one.type = 'wake' and one.cluster is not distinct from mine.cluster
    and (one.state = 'running' and one.started_at > now() - make_interval(secs => ${placeSeconds})
      or one.state = 'queued' and one.sequence < mine.sequence
        and one.created_at > now() - make_interval(secs => ${patienceSeconds}) and ${isFirstOfItsOwn}))`;

/** SQL: whether the queued operation `mine` may start as far as other wakes are concerned. */
export function isAdmitted({ atOnce }: WakeAdmission) {
  return sql`(mine.kind not in (${kinds}) or mine.type <> 'wake' or ${wakesBeforeMine} < ${atOnce})`;
}

/** How many wakes come before a queued operation: none, unless it is a wake that is counted itself. */
export async function wakesBefore(db: Queries, operation: OperationRow): Promise<number> {
  if (!isCounted(operation)) return 0;
  const { id } = operation;
  const { rows } = await db.execute<{ before: string }>(
    sql`select ${wakesBeforeMine} as before from operations mine where mine.id = ${id}`,
  );
  return Number(rows[0]?.before ?? 0);
}

/** The wakes that have room now that `ended` has ended, in the order in which they were asked for. */
export async function nextWakes(
  db: Queries,
  ended: OperationRow,
  { atOnce }: WakeAdmission,
): Promise<string[]> {
  if (!isCounted(ended)) return [];
  const { rows } = await db.execute<{ id: string }>(sql`
    select one.id from operations one
    where one.kind in (${kinds}) and one.type = 'wake' and one.state = 'queued'
      and one.cluster is not distinct from ${ended.cluster} and ${isFirstOfItsOwn}
    order by one.sequence
    limit greatest(1, ${atOnce} - (
      select count(*) from operations other
      where other.kind in (${kinds}) and other.type = 'wake' and other.state = 'running'
        and other.cluster is not distinct from ${ended.cluster}
        and other.started_at > now() - make_interval(secs => ${placeSeconds})))`);
  return rows.map(({ id }) => id);
}

function isCounted({ kind, type }: OperationRow): boolean {
  return type === 'wake' && (admittedKinds as readonly OperationKind[]).includes(kind);
}
