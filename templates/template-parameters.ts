import { type Scalar, visit } from 'yaml';
import { PlatformError } from '../contracts/errors.ts';
import type { AppParameter } from '../contracts/resources/app-parameter.ts';
import { readHelmYaml, YamlFault } from './helm-yaml.ts';
import { ExpressionFault, matchesExpression } from './match-expression.ts';

/** Values of parameters, nested where a variable's name has dots. */
export type ParameterValues = Record<string, unknown>;

const maxLength = 64 * 1024;
/** Of a text on one line. */
const maxLineLength = 4096;

/**
 * The parameters of an instance, checked against what its template declares, with defaults filled in. Those of an
 * inline template, which declares none, are free.
 * @param text YAML of `spec.parameters`
 * @throws PlatformError `invalid_parameters` that names the parameter, never its value
 */
export function resolveParameters(
  template: { readonly parameters: readonly AppParameter[]; readonly inline: boolean },
  text: string,
): ParameterValues {
  const declared = template.parameters;
  const given = parseParameters(text, !template.inline);
  if (template.inline) return given;
  refuseUnknown(declared, given);
  const resolved: ParameterValues = {};
  for (const parameter of declared) {
    const value = resolveOne(parameter, valueAt(given, parameter.variable));
    if (value !== undefined) setAt(resolved, parameter.variable, value);
  }
  return resolved;
}

/** Variables of `values` whose text its user chose freely: no default, none of a choice, no number and no boolean. */
export function freeParameters(declared: readonly AppParameter[], values: ParameterValues): string[] {
  return declared
    .filter(({ variable, options = [], defaultValue }) => {
      const value = valueAt(values, variable);
      return typeof value === 'string' && options.length === 0 && value !== defaultValue;
    })
    .map(({ variable }) => variable);
}

/** @param textual scalars stay as they are written, for the declared type to decide: `1.30`, `NO` and `22:30` are texts */
function parseParameters(text: string, textual: boolean): ParameterValues {
  if (text.length > maxLength) throw refusal(`the parameters are longer than ${maxLength / 1024} KiB`);
  let value: unknown;
  try {
    value = readHelmYaml(text, (document) =>
      visit(document, { Scalar: (role, node) => keepSource(node, role === 'key', textual) }),
    );
  } catch (error) {
    throw refusal(`the parameters ${error instanceof YamlFault ? error.message : 'are not valid YAML'}`);
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw refusal('the parameters must be a YAML object: name: value');
  return value as ParameterValues;
}

/** A name is a name, also if YAML 1.1 takes `y` or `on` for true. */
function keepSource(node: Scalar, isKey: boolean, textual: boolean): void {
  const isRead = typeof node.value === 'number' || typeof node.value === 'boolean';
  if (node.source !== undefined && (isKey || (textual && isRead))) node.value = node.source;
}

function refuseUnknown(declared: readonly AppParameter[], given: ParameterValues): void {
  const known = declared.map((parameter) => parameter.variable.split('.')[0] ?? '');
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const names = declared.map((parameter) => parameter.variable).join(', ');
    throw refusal(
      `the template does not have a parameter "${unknown.slice(0, 60)}"; it ${names === '' ? 'declares none' : `has ${names}`}`,
    );
  }
}

function resolveOne(parameter: AppParameter, given: unknown): string | number | boolean | undefined {
  const { type, defaultValue = '', required } = parameter;
  const name = `parameter "${parameter.variable}"`;
  if (given !== undefined && given !== null && given !== '') {
    const text = singleText(given, name);
    checkText(parameter, name, text);
    return checked(parameter, name, text);
  }
  if (defaultValue !== '')
    return checked(parameter, `the template's default of ${name}`, defaultValue.replaceAll('\r\n', '\n'));
  if (required === true) throw refusal(`${name} is required`);
  return type === 'boolean' ? false : undefined;
}

function checked(parameter: AppParameter, name: string, typed: string): string | number | boolean {
  const value = converted(parameter, name, typed);
  const text = typeof value === 'boolean' ? String(value) : typed;
  const { options = [], validation, invalidation } = parameter;
  if (options.length > 0 && !options.includes(text))
    throw refusal(
      // Of a password they are passwords.
      `${name} must be one of ${parameter.type === 'password' ? "the template's options" : options.join(', ')}`,
    );
  checkExpression(validation, text, true, name);
  checkExpression(invalidation, text, false, name);
  return value;
}

function singleText(value: unknown, name: string): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw refusal(`${name} must be a single value`);
  return String(value).replaceAll('\r\n', '\n');
}

/** The author of a parameter is not the author of the template: a text is one line, or where it is declared so, lines. */
function checkText({ type }: AppParameter, name: string, text: string): void {
  if (type !== 'multiline' && text.includes('\n'))
    throw refusal(`${name} must be one line, unless the template declares it as multiline`);
  if (type !== 'multiline' && text.length > maxLineLength)
    throw refusal(`${name} is longer than ${maxLineLength} characters`);
  if (/[^\P{Control}\n\t]|[\u2028\u2029\ufeff]/u.test(text) || (type !== 'multiline' && text.includes('\t')))
    throw refusal(`${name} has control characters`);
}

/** As YAML 1.1 and Go's `strconv.ParseBool` write them. */
const yes = ['true', 't', '1', 'yes', 'y', 'on'];
const no = ['false', 'f', '0', 'no', 'n', 'off'];
/** Without what readers take for different numbers: `0755`, `22:30`, `1_000`, `0x1F`. */
const decimal = /^[-+]?(?:\.\d+|(?:0|[1-9]\d*)(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

function converted(parameter: AppParameter, name: string, text: string): string | number | boolean {
  if (parameter.type === 'boolean') {
    const word = text.trim().toLowerCase();
    if (!yes.includes(word) && !no.includes(word)) throw refusal(`${name} must be true or false`);
    return yes.includes(word);
  }
  if (parameter.type !== 'number') return text;
  if (!decimal.test(text.trim()))
    throw refusal(`${name} must be a number in decimal, without leading zeros: 8, -1.5 or 1e3`);
  const value = Number(text);
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    throw refusal(`${name} must be a number between -2^53 and 2^53`);
  if (parameter.min !== undefined && value < parameter.min)
    throw refusal(`${name} must be at least ${parameter.min}`);
  if (parameter.max !== undefined && value > parameter.max)
    throw refusal(`${name} must be at most ${parameter.max}`);
  return value;
}

function checkExpression(
  expression: string | undefined,
  text: string,
  mustMatch: boolean,
  name: string,
): void {
  if (expression === undefined || expression === '') return;
  let matches: boolean;
  try {
    matches = matchesExpression(expression, text);
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    throw refusal(
      `${name}: the template's ${mustMatch ? 'validation' : 'invalidation'} expression ${error.message}`,
    );
  }
  if (matches !== mustMatch) throw refusal(`${name} must ${mustMatch ? '' : 'not '}match ${expression}`);
}

/** What stands at a variable, whose dots descend. */
export function valueAt(values: ParameterValues, variable: string): unknown {
  let at: unknown = values;
  for (const part of variable.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as ParameterValues)[part];
  }
  return at;
}

/** Sets what stands at a variable, likewise. */
export function setAt(values: ParameterValues, variable: string, value: unknown): void {
  const parts = variable.split('.');
  const last = parts.pop() ?? variable;
  let at = values;
  for (const part of parts) {
    const next = Object.hasOwn(at, part) ? at[part] : undefined;
    const child = typeof next === 'object' && next !== null ? (next as ParameterValues) : Object.create(null);
    at[part] = child;
    at = child as ParameterValues;
  }
  at[last] = value;
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_parameters', message);
}
