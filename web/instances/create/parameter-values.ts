import { Document, isMap, isScalar, parseDocument, Scalar } from 'yaml';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';

/** Every value stays the text that it is written as: what it means, its declaration says. */
const textsOnly = { version: '1.1', schema: 'failsafe', logLevel: 'error' } as const;

/** What `spec.parameters` says, if it can be read: the text of each declared parameter that is given. */
export type ReadParameters = { readonly values: ReadonlyMap<string, string> } | { readonly fault: string };

export function readParameters(text: string, declared: readonly AppParameter[]): ReadParameters {
  const document = parseDocument(text, textsOnly);
  const [error] = document.errors;
  if (error !== undefined) return { fault: error.message };
  if (document.contents !== null && !isMap(document.contents))
    return { fault: 'not a YAML object (name: value)' };
  const values = new Map<string, string>();
  for (const { variable } of declared) {
    const node = document.getIn(variable.split('.'), true);
    if (isScalar<string | null>(node)) values.set(variable, node.value ?? '');
  }
  return { values };
}

/** `text` with another value of a parameter, the rest as it is written; undefined takes it out. */
export function withParameter(
  text: string,
  { variable, type }: AppParameter,
  value: string | undefined,
): string {
  const document = parseDocument(text, textsOnly);
  const isUsable = document.errors.length === 0 && (document.contents === null || isMap(document.contents));
  const target = isUsable && document.contents !== null ? document : new Document({}, textsOnly);
  const path = variable.split('.');
  if (value === undefined || value === '') target.deleteIn(path);
  else target.setIn(path, scalarOf(type, value));
  prune(target, path.slice(0, -1));
  return isMap(target.contents) && target.contents.items.length > 0 ? target.toString({ lineWidth: 0 }) : '';
}

function scalarOf(type: AppParameter['type'], value: string): Scalar {
  const scalar = new Scalar(value);
  const isPlain = type === 'boolean' || type === 'number' || /^[A-Za-z][\w./-]*$/.test(value);
  scalar.type = value.includes('\n') ? 'BLOCK_LITERAL' : isPlain ? 'PLAIN' : 'QUOTE_DOUBLE';
  return scalar;
}

function prune(document: Document, path: readonly string[]): void {
  if (path.length === 0) return;
  const node = document.getIn(path, true);
  if (!isMap(node) || node.items.length > 0) return;
  document.deleteIn(path);
  prune(document, path.slice(0, -1));
}

/** `text` with what `declared` knows of it: for another template, which refuses what it does not declare. */
export function onlyDeclared(text: string, declared: readonly AppParameter[]): string {
  const read = readParameters(text, declared);
  if ('fault' in read) return '';
  return declared.reduce((made, parameter) => {
    const value = read.values.get(parameter.variable);
    return value === undefined ? made : withParameter(made, parameter, value);
  }, '');
}

/** What stands in place of passwords where the resource is shown. */
export const passwordMask = '••••••••';

/** `text` with masks in place of passwords. */
export function withMasks(text: string, declared: readonly AppParameter[]): string {
  const read = readParameters(text, declared);
  if ('fault' in read) return text;
  return passwordsOf(declared).reduce(
    (made, parameter) =>
      (read.values.get(parameter.variable) ?? '') === ''
        ? made
        : withParameter(made, parameter, passwordMask),
    text,
  );
}

/** `text` with the passwords of `before` where it has masks. */
export function withoutMasks(text: string, before: string, declared: readonly AppParameter[]): string {
  const [read, known] = [readParameters(text, declared), readParameters(before, declared)];
  if ('fault' in read || 'fault' in known) return text;
  return passwordsOf(declared).reduce(
    (made, parameter) =>
      read.values.get(parameter.variable) === passwordMask
        ? withParameter(made, parameter, known.values.get(parameter.variable))
        : made,
    text,
  );
}

function passwordsOf(declared: readonly AppParameter[]): AppParameter[] {
  return declared.filter(({ type }) => type === 'password');
}
