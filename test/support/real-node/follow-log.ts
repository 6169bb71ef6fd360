import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findProgram } from '../../../toolchain/find-program.ts';
import { eventually } from '../eventually.ts';

/** What `kubectl logs -f` with these arguments prints until more came after its third line. */
export async function followLog(args: readonly string[]): Promise<string> {
  const child = spawn(findProgram('kubectl'), args);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually('the third line', () => output.includes('line 3\n'));
  const seen = output.length;
  await eventually('more lines', () => output.length > seen);
  child.kill();
  await once(child, 'exit');
  return output;
}
