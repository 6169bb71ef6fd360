import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The commands of the `sh` blocks of a document, in order; a here-document belongs to its command. */
export function shellCommands(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].flatMap(([, indent = '', block = '']) =>
    commandsOf(block.split('\n').map((line) => line.slice(indent.length))),
  );
}

function commandsOf(lines: readonly string[]): string[] {
  const commands: string[] = [];
  let end: string | undefined;
  let isOpen = false;
  for (const line of lines) {
    if (end !== undefined || isOpen) commands.push(`${commands.pop() ?? ''}\n${line}`);
    else if (line.trim() !== '') commands.push(line);
    if (end !== undefined) end = line === end ? undefined : end;
    else end = /<<-?'?(\w+)'?/.exec(line)?.[1];
    isOpen = end === undefined && line.endsWith('\\');
  }
  return commands;
}
