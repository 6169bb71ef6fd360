import pg from 'pg';

/**
 * Makes database `name` if it is missing, through a connection to `adminUrl`.
 * @param url of the database itself: if it can be opened there is nothing to do, and no right to make databases is needed
 * @returns whether it was made
 */
export async function ensureDatabase(adminUrl: string, name: string, url: string): Promise<boolean> {
  if (await exists(url)) return false;
  return query(adminUrl, async (client) => {
    await client.query(`create database ${client.escapeIdentifier(name)} template template0 encoding 'UTF8'`);
    return true;
  });
}

const invalidCatalogName = '3D000';

async function exists(url: string): Promise<boolean> {
  try {
    return await query(url, async () => true);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === invalidCatalogName) return false;
    throw error;
  }
}

async function query<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
