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
  return parseConfigFile(schema, configPath(argv));
}

/**
 * A configuration file, checked against `schema`: a field that it does not have is a fault, since silence would leave a default in
 * force.
 * @throws PlatformError `invalid_request` that names the file or field; never the contents, which hold passwords
 */
export function parseConfigFile<T extends TSchema>(schema: T, path: string): Static<T> {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new PlatformError('invalid_request', `the configuration file ${path} ${why}`);
  }
  const check = Compile(schema);
  const unknown = unknownFields(schema, config);
  if (unknown.length === 0 && check.Check(config)) return config;
  const fields = [...check.Errors(config)].map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
  );
  throw new PlatformError(
    'invalid_request',
    `the configuration file ${path} is not valid: ${[...unknown, ...fields].join('; ')}`,
  );
}

/** Fields of `value`, at any depth, that `schema` does not have. */
function unknownFields(schema: TSchema, value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { properties, items } = schema as { properties?: Record<string, TSchema>; items?: TSchema };
  if (items !== undefined && Array.isArray(value))
    return value.flatMap((item, index) => unknownFields(items, item, `${path}/${index}`));
  if (properties === undefined || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return known === undefined
      ? [`${path}/${name} is not a setting here`]
      : unknownFields(known, field, `${path}/${name}`);
  });
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
