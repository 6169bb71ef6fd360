import { PlatformError } from '../contracts/errors.ts';
import { readHelmYaml } from './helm-yaml.ts';
import { harmlessTexts } from './harmless-text.ts';
import type { TemplateContext, ValuesRequest } from './template-context.ts';
import { setAt, valueAt } from './template-parameters.ts';
import { sameStructure } from './value-structure.ts';

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
      'Too many parameters have quotes, brackets, commas or other characters that are special in YAML',
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
  return variable.startsWith('loft.') ? `"${variable}" of the owner` : `Parameter "${variable}"`;
}

/** Whether an action that reads structure names the variable, or no variable of the values at all (`$x`). */
function isDecoded(template: string, variable: string): boolean {
  const actions = template.match(/\{\{[\s\S]*?\}\}/g) ?? [];
  return actions
    .filter((action) => decoders.test(action))
    .some((action) => action.includes(`.Values.${variable}`) || !action.includes('.Values.'));
}
