import { verbText } from './states.ts';

/** An operation that another one meets: `Wake by anna`. */
const met = (type: string, actor: string) => `"${(verbText[type] ?? type).toLowerCase()} by ${actor}"`;

/** Texts of what an operation would do. */
export const previewText = {
  refused: 'It would be refused',
  checking: 'Checking what this would do …',
  loses: (what: string) => `This ends ${what}.`,
  joins: (type: string, actor: string) =>
    `The same is already under way: ${met(type, actor)}. You would join it.`,
  cancels: (type: string, actor: string) => `This cancels ${met(type, actor)}, which runs, and undoes it:`,
  supersedes: (type: string, actor: string) =>
    `This takes the place of ${met(type, actor)}, which waits and never begins:`,
  behind: (type: string, actor: string) => `This waits for the end of ${met(type, actor)}:`,
  show: 'show it',
  steps: (count: number, duration: string) => `${count} steps, usually ${duration} in all`,
} as const;
