import { parseDocument, type Scalar, visit } from 'yaml';
import { PlatformError } from '../contracts/errors.ts';
import type { AppParameter } from '../contracts/resources/app-parameter.ts';
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
  const given = parseParameters(text, declared.length > 0);
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

/** @param textual numbers stay as they are written: `1.30` is a version more often than 1.3 */
function parseParameters(text: string, textual: boolean): ParameterValues {
  if (text.length > maxLength) throw refusal(`the parameters are longer than ${maxLength / 1024} KiB`);
  let value: unknown;
  try {
    const document = parseDocument(text, { version: '1.1', logLevel: 'error' });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    visit(document, { Scalar: (role, node) => keepSource(node, role === 'key', textual) });
    value = document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw refusal(`the parameters are not valid YAML (${yamlPosition(error)})`);
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw refusal('the parameters must be a YAML object: name: value');
  return value as ParameterValues;
}

/** A name is a name, also if YAML 1.1 takes `y` or `on` for true. */
function keepSource(node: Scalar, isKey: boolean, textual: boolean): void {
  if (node.source !== undefined && (isKey || (textual && typeof node.value === 'number')))
    node.value = node.source;
}

/** Line and column only: YAML's messages quote the text. */
function yamlPosition(error: unknown): string {
  const at =
    typeof error === 'object' && error !== null && 'linePos' in error
      ? (error.linePos as { line: number; col: number }[] | undefined)?.[0]
      : undefined;
  return at === undefined ? 'it cannot be read' : `line ${at.line}, column ${at.col}`;
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
  const name = `parameter "${parameter.variable}"`;
  const empty = given === undefined || given === null || given === '';
  const fallback = parameter.defaultValue ?? '';
  if (empty && parameter.required === true && fallback === '') throw refusal(`${name} is required`);
  if (empty && fallback === '') return parameter.type === 'boolean' ? false : undefined;
  const text = singleText(empty ? fallback : given, name);
  if (!empty) checkText(parameter, name, text);
  const value = converted(parameter, name, text);
  if (parameter.options !== undefined && parameter.options.length > 0 && !parameter.options.includes(text)) {
    throw refusal(`${name} must be one of ${parameter.options.join(', ')}`);
  }
  checkExpression(parameter.validation, text, true, name);
  checkExpression(parameter.invalidation, text, false, name);
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

function converted(parameter: AppParameter, name: string, text: string): string | number | boolean {
  if (parameter.type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw refusal(`${name} must be true or false`);
    return text === 'true';
  }
  if (parameter.type !== 'number') return text;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw refusal(`${name} must be a number`);
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
  return new PlatformError('invalid_parameters', message.charAt(0).toUpperCase() + message.slice(1));
}
