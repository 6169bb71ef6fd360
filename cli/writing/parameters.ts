import { readFileSync } from 'node:fs';
import { Document, isCollection, isMap, isScalar, parseDocument, Scalar } from 'yaml';
import { CommandFailure } from '../failures/failure.ts';

/** The options that name parameters of a template. */
export interface ParameterOptions {
  readonly setParam: readonly string[];
  /** A file of YAML. */
  readonly parameters?: string;
}

/**
 * YAML of all parameters: the file, or else what is there already, and what `--set-param` says on top of that; a dot in
 * a name goes one level deeper. The file stays as it is written and a value of the command line is a text: what they
 * mean, the template's declaration says.
 * @throws CommandFailure `invalid_request`
 */
export function parametersText(
  { parameters, setParam }: ParameterOptions,
  present?: string,
): string | undefined {
  const file = parameters === undefined ? undefined : readYaml(parameters);
  const base = file ?? (present === undefined ? undefined : parseYaml(present, 'what is there already'));
  if (setParam.length === 0) return base?.text;
  const document = base?.document ?? new Document({}, textsOnly);
  const origin = file === undefined ? 'what is there already' : `the file ${parameters}`;
  if (document.contents !== null && !isMap(document.contents))
    throw new CommandFailure('invalid_request', `${origin} is not a YAML object: name: value`);
  const assignments = setParam.map(readAssignment);
  checkTogether(assignments.map(({ name }) => name));
  for (const { name, path, value } of assignments) {
    const text = new Scalar(value);
    text.type = 'QUOTE_DOUBLE';
    const before = document.getIn(path, true);
    if (isScalar(before)) Object.assign(text, commentsOf(before));
    if (isCollection(before))
      throw new CommandFailure(
        'invalid_request',
        `--set-param ${name}: ${origin} gives it parts of its own: set these, or leave it out there`,
      );
    try {
      document.setIn(path, text);
    } catch {
      throw new CommandFailure(
        'invalid_request',
        `--set-param ${name}: a part of this name has a value of its own in ${origin}`,
      );
    }
  }
  return document.toString({ lineWidth: 0, verifyAliasOrder: false });
}

/** They belong to the parameter, and not to its value. */
function commentsOf({ comment, commentBefore, spaceBefore }: Scalar): Partial<Scalar> {
  return {
    ...(comment === undefined || comment === null ? {} : { comment }),
    ...(commentBefore === undefined || commentBefore === null ? {} : { commentBefore }),
    ...(spaceBefore === undefined ? {} : { spaceBefore }),
  };
}

interface Assignment {
  readonly name: string;
  readonly path: readonly string[];
  readonly value: string;
}

function readAssignment(assignment: string): Assignment {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
  if (name === undefined || value === undefined)
    throw new CommandFailure('invalid_request', `--set-param ${assignment}: write name=value`);
  const path = name.split('.');
  if (path.includes(''))
    throw new CommandFailure('invalid_request', `--set-param ${name}: a part of this name is empty`);
  return { name, path, value };
}

/** None may take the place of another: what was given is never dropped. Values may be secret, so only names are told. */
function checkTogether(names: readonly string[]): void {
  for (const [index, name] of names.entries())
    for (const later of names.slice(index + 1)) {
      if (name === later)
        throw new CommandFailure('invalid_request', `--set-param ${name} is given twice: give it one value`);
      const [outer, inner] = name.length < later.length ? [name, later] : [later, name];
      if (inner.startsWith(`${outer}.`))
        throw new CommandFailure(
          'invalid_request',
          `--set-param ${outer} and --set-param ${inner} exclude each other: a part of this name has a value of its own`,
        );
    }
}

/** Every scalar stays the text that it is written as. */
const textsOnly = { version: '1.1', schema: 'failsafe', logLevel: 'error' } as const;

/** A file of YAML, or standard input for `-`. @throws CommandFailure `invalid_request` */
export function readYaml(path: string): { text: string; document: Document } {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch {
    throw new CommandFailure('invalid_request', `the file ${path} cannot be read`);
  }
  return parseYaml(text, `the file ${path}`);
}

function parseYaml(text: string, origin: string): { text: string; document: Document } {
  const document = parseDocument(text, textsOnly);
  const [error] = document.errors;
  if (error !== undefined)
    throw new CommandFailure('invalid_request', `${origin} is not YAML: ${error.message}`);
  return { text, document };
}
