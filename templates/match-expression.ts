import { runInNewContext } from 'node:vm';
import { RE2JS, RE2JSException } from 're2js';

/** Wall-clock time: what a match takes on a busy machine is well below. */
const timeoutMs = 1000;

/**
 * Whether a regular expression of RE2 (as Go's, and so vCluster Platform's) matches anywhere in a text. RE2 takes time
 * in proportion to expression and text; as the author of neither is trusted, that is limited too.
 * @throws ExpressionFault
 */
export function matchesExpression(expression: string, text: string): boolean {
  const match = (): boolean => RE2JS.compile(expression).matcher(text).find();
  try {
    return runInNewContext('match()', { match }, { timeout: timeoutMs }) as boolean;
  } catch (error) {
    if (error instanceof RE2JSException) throw new ExpressionFault(`is not valid in RE2: ${error.message}`);
    // An error of the other context is not an instance of this one's Error.
    const slow = (error as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw new ExpressionFault(slow ? 'takes too long' : 'is not usable');
  }
}

/** Why an expression gives no answer, as what is said of it. */
export class ExpressionFault extends Error {}
