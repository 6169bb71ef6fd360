import { defineConfig } from 'drizzle-kit';

/** For `drizzle-kit generate --config db/drizzle.config.ts`: migrations are made from db/schema and committed. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './db/schema/*.ts',
  out: './db/migrations',
  casing: 'snake_case',
});
