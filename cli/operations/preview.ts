import { targetNames } from '../../contracts/kinds.ts';
import { lostPodsText } from '../../contracts/lost-pods.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import { targetOf } from '../../contracts/operations.ts';
import { duration, isTable, type OutputFormat, printDocument } from '../output/output.ts';

type Met = OperationPreview['behind'][number];

/** Prints what an operation would do. */
export function printPreview(preview: OperationPreview, output: OutputFormat): void {
  const { kind, name } = targetOf(preview);
  if (isTable(output)) console.log(previewLines(preview).join('\n'));
  else printDocument(preview, `${targetNames[kind].command.name}/${name}`, output);
}

/** What would be done, for people: a sentence, what it meets, and its steps. */
export function previewLines(preview: OperationPreview): string[] {
  const { type, joins, behind, supersedes, cancels, loses, steps, expectedMs } = preview;
  const { kind, name } = targetOf(preview);
  const subject = `${type} of ${targetNames[kind].noun} ${name}`;
  if (joins !== undefined) return [`${subject} would join ${named(joins)} (server dry run)`];
  return [
    `${subject} would be accepted, and usually takes ${duration(expectedMs)} (server dry run)`,
    ...supersedes.map((one) => `  instead of ${named(one)}`),
    ...cancels.map((one) => `  cancels ${named(one)}`),
    ...behind.map((one) => `  waits behind ${named(one)}`),
    ...(loses === undefined ? [] : [`  loses ${lostPodsText(loses)}`]),
    ...steps.map(({ title }) => `  · ${title}`),
  ];
}

function named({ type, actor, state, id }: Met): string {
  return `${type} by ${actor} (${state}, operation ${id})`;
}
