import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { createText as text } from '../../text/create.ts';

/** As the platform reads numbers: decimal, without leading zeros. */
const decimal = /^[-+]?(?:\.\d+|(?:0|[1-9]\d*)(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const longestChecked = 200;

/**
 * What is wrong with a value as it is typed, as far as that is cheap to tell; the platform has the last word.
 * @param isDue whether what is missing counts already
 */
export function parameterFault(parameter: AppParameter, value: string, isDue: boolean): string | undefined {
  const { type, required, defaultValue = '', options = [] } = parameter;
  if (value === '') return isDue && required === true && defaultValue === '' ? text.required : undefined;
  if (type === 'boolean') return undefined;
  const fault = type === 'number' ? numberFault(parameter, value) : undefined;
  if (fault !== undefined) return fault;
  if (options.length > 0 && !options.includes(value)) return text.notAnOption;
  return expressionFault(parameter, value);
}

function numberFault({ min, max }: AppParameter, value: string): string | undefined {
  if (!decimal.test(value.trim())) return text.notANumber;
  if (min !== undefined && Number(value) < min) return text.atLeast(min);
  if (max !== undefined && Number(value) > max) return text.atMost(max);
  return undefined;
}

function expressionFault({ validation, invalidation }: AppParameter, value: string): string | undefined {
  if (matches(validation, value) === false) return text.mustMatch(validation ?? '');
  if (matches(invalidation, value) === true) return text.mustNotMatch(invalidation ?? '');
  return undefined;
}

/**
 * Whether an expression of a template matches; undefined if that is left to the platform. Its expressions are RE2, which takes
 * linear time: what could take a browser long (a repeated group, many repetitions or choices, a long text), or means something
 * else here, is not tried.
 */
function matches(expression: string | undefined, value: string): boolean | undefined {
  if (!expression || value.length > longestChecked) return undefined;
  if (/\)[*+?{]|\(\?(?!:)|\\[AzQEpPCGax]|\[\[:/.test(expression)) return undefined;
  if (isDear(expression, value.length)) return undefined;
  try {
    return new RegExp(expression).test(value);
  } catch {
    return undefined;
  }
}

/** As many ways to match are tried in a moment. */
const mostWays = 10_000_000;

/** Each repetition multiplies the ways to match a text by its length, each choice may double them. */
function isDear(expression: string, length: number): boolean {
  const repetitions = expression.match(/[*+?{]/g)?.length ?? 0;
  const choices = expression.match(/\|/g)?.length ?? 0;
  return Math.max(2, length) ** (repetitions + 1) * 2 ** choices > mostWays;
}
