import { PlatformError } from '../contracts/errors.ts';
import { readHelmYaml, readHelmYamlStream } from './helm-yaml.ts';
import type { TemplateContext, ValuesRequest } from './template-context.ts';
import { setAt, valueAt } from './template-parameters.ts';

/** The template rendered with a harmless text in place of the user's text. */
export interface Question {
  readonly variable: string;
  readonly context: TemplateContext;
}

/** More are not asked about one by one, but refused: each is a rendering within the same limits. */
const maxQuestions = 24;
/** Functions that make structure out of letters and digits. */
const decoders =
  /\b(?:b32dec|b64dec|from(?:Yaml|Json|Toml)\w*|must(?:FromJson|RegexReplace\w*)|regexReplace\w*|replace|tpl)\b/;

/**
 * What to render beside the values themselves, to see whether a text became structure: nothing for texts that cannot.
 * @throws PlatformError `invalid_parameters` if there are too many that could
 */
export function questionsAbout({ values, context, texts }: ValuesRequest): Question[] {
  const questions = texts.flatMap((variable) => {
    const text = valueAt(context, variable);
    if (typeof text !== 'string' || text === '') return [];
    return harmlessTexts(text, isDecoded(values, variable)).map((harmless) => {
      const asked = structuredClone(context) as TemplateContext;
      setAt(asked, variable, harmless);
      return { variable, context: asked };
    });
  });
  if (questions.length > maxQuestions)
    throw new PlatformError(
      'invalid_parameters',
      'too many parameters have quotes, brackets, commas or other characters that are special in YAML',
    );
  return questions;
}

/**
 * Refuses texts that became structure: the values do not have the structure that they have with any of the harmless
 * texts in its place.
 * @param real the values as they would be installed
 * @param answers for each question what was rendered, or undefined if that failed
 * @throws PlatformError `invalid_parameters` that names the parameter
 */
export function refuseStructure(
  real: string,
  questions: readonly Question[],
  answers: readonly (string | undefined)[],
): void {
  const structure = structureOf(real);
  for (const variable of new Set(questions.map((question) => question.variable))) {
    const mine = answers
      .filter((_, index) => questions[index]?.variable === variable)
      .map((answer) => (answer === undefined ? undefined : structureOf(answer)));
    // A template that is not YAML with a harmless text either is itself wrong, and the caller says so.
    const isText =
      structure === undefined
        ? mine.every((other) => other === undefined)
        : mine.some((other) => other !== undefined && sameStructure(structure.content, other.content));
    if (!isText)
      throw new PlatformError(
        'invalid_parameters',
        `${nameOf(variable)} has characters that would change the structure of the template's values`,
      );
  }
}

function structureOf(values: string): { content: unknown } | undefined {
  try {
    return { content: readHelmYaml(values) };
  } catch {
    return undefined;
  }
}

function nameOf(variable: string): string {
  return variable.startsWith('loft.') ? `"${variable}" of the owner` : `parameter "${variable}"`;
}

/** Whether an action that reads structure names the variable, or no variable of the values at all (`$x`). */
function isDecoded(template: string, variable: string): boolean {
  const actions = template.match(/\{\{[\s\S]*?\}\}/g) ?? [];
  return actions
    .filter((action) => decoders.test(action))
    .some((action) => action.includes(`.Values.${variable}`) || !action.includes('.Values.'));
}

/**
 * Whether a value has the structure of another, which is known to be harmless: the same keys, and at each place an
 * object, a list of the same length, nothing, or a scalar in both. A text that looks like a number is still a scalar.
 * Where the harmless text is itself a document (charts take manifests as texts, and templates of them), so must be the other.
 */
function sameStructure(value: unknown, harmless: unknown): boolean {
  if (Array.isArray(value) || Array.isArray(harmless))
    return (
      Array.isArray(value) &&
      Array.isArray(harmless) &&
      value.length === harmless.length &&
      value.every((item, index) => sameStructure(item, harmless[index]))
    );
  if (isObject(value) || isObject(harmless)) {
    if (!isObject(value) || !isObject(harmless)) return false;
    const keys = Object.keys(value);
    return (
      keys.length === Object.keys(harmless).length &&
      keys.every((key) => Object.hasOwn(harmless, key) && sameStructure(value[key], harmless[key]))
    );
  }
  if (typeof value === 'string' && typeof harmless === 'string' && value !== harmless)
    return sameDocument(value, harmless);
  return isNothing(value) === isNothing(harmless);
}

function sameDocument(text: string, harmless: string): boolean {
  const documents = readOrUndefined(harmless);
  if (documents === undefined) return readOrUndefined(text) === undefined;
  if (!documents.some(isObject)) return true;
  const actions = (one: string) => one.split('{{').length;
  return actions(text) === actions(harmless) && sameStructure(readOrUndefined(text), documents);
}

function readOrUndefined(text: string): unknown[] | undefined {
  try {
    return readHelmYamlStream(text);
  } catch {
    return undefined;
  }
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What YAML takes for nothing at all. */
const nothing = /^\s*(?:null|Null|NULL|~|<<|=)?\s*$/;

/**
 * Texts like `text` that cannot be anything but text to a reader of YAML, wherever a template writes them. If one of
 * them gives a template's values the same structure as `text` does, `text` was taken for text too.
 * @param decoded whether the template reads structure out of it (`fromYaml`, `b64dec`), so that letters may become it
 * @returns none if `text` is such a text itself
 */
function harmlessTexts(text: string, decoded: boolean): string[] {
  if (decoded) return [text.replace(/[^\s]/gu, 'x').replace(/\s/g, ' ') || 'x'];
  if (nothing.test(text)) return ['x'];
  const flat = withoutSyntax(text);
  const lines = withLines(text);
  return flat === text || lines.includes(text) ? [] : [flat, ...withCommas(text), ...lines];
}

/** As long as `text`, and where it is all letters, digits and what never has a meaning between them, the same. */
function withoutSyntax(text: string): string {
  return (
    text
      // Quotes and escapes end the quotes of a template; brackets and commas have a meaning anywhere.
      .replace(/['"\\`[\]{},\n\t\r]/g, 'x')
      .replace(/:(?![\p{Letter}\p{Number}/])/gu, 'x')
      .replace(/(?<=^|\s)#/g, 'x')
      .replace(/(?<=^|\s)[&*!|>%@?:~<=]/g, 'x')
      .replace(/(?<=^|\s)[-.](?=\s|$|[-.])/g, 'x')
      // A text that is a part of the template's own line must not leave a blank at its end or beginning to it.
      .replace(/^\s|\s$/g, 'x')
  );
}

/** For a template that splits at commas: the same number of parts. The bracket is an error where YAML itself splits. */
function withCommas(text: string): string[] {
  if (!text.includes(',')) return [];
  return [
    text
      .split(',')
      .map((part) => `${withoutSyntax(part.trim())}x]x`)
      .join(','),
  ];
}

/** For a template that splits at line ends. */
function withLines(text: string): string[] {
  if (!text.includes('\n')) return [];
  return [
    text
      .split('\n')
      .map((line) => (nothing.test(line) ? 'x' : withoutSyntax(line)))
      .join('\n'),
  ];
}
