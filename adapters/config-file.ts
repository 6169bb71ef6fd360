import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { PlatformError } from '../contracts/errors.ts';

/**
 * The configuration that `--config <file>` names, checked against `schema`.
 * @param argv arguments of the process, without program and script
 * @throws PlatformError `invalid_request` that names the file or field; never the contents, which hold passwords
 */
export function readConfigFile<T extends TSchema>(
  schema: T,
  argv: readonly string[] = process.argv.slice(2),
): Static<T> {
  const path = configPath(argv);
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new PlatformError('invalid_request', `the configuration file ${path} ${why}`);
  }
  const check = Compile(schema);
  if (check.Check(config)) return config;
  const fields = [...check.Errors(config)].map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
  );
  throw new PlatformError(
    'invalid_request',
    `the configuration file ${path} is not valid: ${fields.join('; ')}`,
  );
}

function configPath(argv: readonly string[]): string {
  try {
    const { config } = parseArgs({ args: [...argv], options: { config: { type: 'string' } } }).values;
    if (config !== undefined) return config;
  } catch {
    // an unknown argument: reported like a missing one
  }
  throw new PlatformError('invalid_request', 'usage: node main.ts --config <file>');
}
