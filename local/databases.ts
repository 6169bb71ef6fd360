import pg from 'pg';

/**
 * Makes database `name` if it is missing, through a connection to `adminUrl`.
 * @param url of the database itself: if it can be opened there is nothing to do, and no right to make databases is needed
 */
export async function ensureDatabase(adminUrl: string, name: string, url: string): Promise<void> {
  if (await exists(url)) return;
  await query(adminUrl, (client) =>
    client.query(`create database ${client.escapeIdentifier(name)} template template0 encoding 'UTF8'`),
  );
}

/** Whether there are no tables in it. */
export function isEmpty(url: string): Promise<boolean> {
  return query(url, async (client) => {
    const { rowCount } = await client.query("select from pg_tables where schemaname = 'public' limit 1");
    return rowCount === 0;
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

/** `url` with another database name. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}

/** Name of the database in a URL. */
export function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** `url` for another role. */
export function withRole(url: string, role: string, password: string): string {
  const changed = new URL(url);
  changed.username = encodeURIComponent(role);
  changed.password = encodeURIComponent(password);
  return changed.href;
}
