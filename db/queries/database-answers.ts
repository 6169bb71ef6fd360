import { sql } from 'drizzle-orm';
import { PlatformError } from '../../contracts/errors.ts';
import type { Database } from '../client.ts';

/** Whether our database answers now. */
export async function databaseAnswers(database: Database): Promise<boolean> {
  try {
    await database.query((db) => db.execute(sql`select 1`));
    return true;
  } catch (error) {
    if (error instanceof PlatformError) return false;
    throw error;
  }
}
