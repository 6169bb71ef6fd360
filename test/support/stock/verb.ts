import assert from 'node:assert/strict';
import type { CommandResult } from '../platform.ts';
import type { Person, Role } from './person.ts';

/** A verb of the stock command line, and what it promises. */
export interface Verb {
  /** As docs/compatibility.md names it. */
  readonly verb: string;
  /** Rejects where the promise is not kept. `refused`: the person may not, and is told so, as it should be. */
  keeps(person: Person): Promise<'refused' | void>;
  /** Makes what the verb would have made, for those that follow. */
  instead?(person: Person): Promise<void>;
  /** Whom it is for; default: everybody. */
  readonly only?: Role;
}

/** Standard output of a command that must succeed; what it said is the reason otherwise. */
export function succeeded({ code, stdout, stderr }: CommandResult): string {
  assert.equal(code, 0, `exit code ${code}: ${`${stdout}\n${stderr}`.trim()}`);
  return stdout;
}

/** All that a command said, which must succeed. */
export function said(result: CommandResult): string {
  succeeded(result);
  return `${result.stdout}\n${result.stderr}`;
}

/** The JSON that a command printed. */
export const read = <T>(text: string): T => JSON.parse(text) as T;
