import type { Operation } from '../../contracts/operations.ts';
import type { Answer } from '../support/platform.ts';
import { type Actor, canaries, type World } from './world.ts';

/** What a way's end looks like from where its actor stands. */
export interface Seen {
  readonly status: number;
  readonly text: string;
}

/**
 * One attempt at what is another's. `sees` is the right answer; any other answer, another's canary in it, or a change of what is
 * the victims' (world-state.ts) counts as having reached it.
 */
export interface Way {
  readonly who: Actor;
  /** What one reads in the report: "restores ana's snapshot into his own tenant cluster". */
  readonly tries: string;
  /** `METHOD /path`, with the names filled in: what the check of coverage matches routes with. */
  readonly request: string | ((world: World) => string);
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Status of the answer, or those that are right. */
  readonly sees: number | readonly number[];
  /** More that the answer may not hold, and what it must. */
  readonly never?: RegExp;
  readonly says?: RegExp;
  /** Ways of one chain are tried one after another, in the table's order; all others at the same time. */
  readonly chain?: string;
  /** A verb of the lifecycle that it would start (`tenant:restore`, `space:sleep`): for the coverage of activities. */
  readonly verb?: string;
  /** Several requests in place of the one: what comes of the last is judged. `request` still names the decisive one. */
  readonly attack?: (world: World) => Promise<Seen | Answer | Operation>;
}

/** Why the way reached what is another's; undefined if it did not. */
export async function judge(world: World, way: Way): Promise<string | undefined> {
  const seen = await attempt(world, way);
  const right = typeof way.sees === 'number' ? [way.sees] : way.sees;
  if (!right.includes(seen.status))
    return `answered ${seen.status}, not ${right.join(' or ')}: ${seen.text.slice(0, 300)}`;
  const foreign = Object.entries(canaries).find(
    ([owner, canary]) => seen.text.includes(canary) && !mayRead(way.who, owner),
  );
  if (foreign !== undefined) return `the answer shows what is ${foreign[0]}'s: ${seen.text.slice(0, 300)}`;
  if (way.never?.test(seen.text) === true) return `the answer holds ${String(way.never)}`;
  if (way.says?.test(seen.text) === false)
    return `the answer does not say ${String(way.says)}: ${seen.text.slice(0, 300)}`;
  return undefined;
}

async function attempt(world: World, way: Way): Promise<Seen> {
  if (way.attack !== undefined) return seenOf(await way.attack(world));
  const [method = '', path = ''] = requestOf(world, way).split(' ');
  return world.call(way.who, method, path, way.body, way.headers);
}

/** `METHOD /path` of a way. */
export function requestOf(world: World, { request }: Way): string {
  return typeof request === 'string' ? request : request(world);
}

/** An operation that was let in counts as 202 if it succeeded, else as 409 with its message. */
export function seenOf(result: Seen | Answer | Operation): Seen {
  if ('status' in result) return result;
  return { status: result.state === 'succeeded' ? 202 : 409, text: JSON.stringify(result) };
}

function mayRead(who: Actor, owner: string): boolean {
  if (who === 'admin') return true;
  return owner === 'ana' ? ['ana', 'scoped', 'ria', 'viv'].includes(who) : who === 'bob';
}
