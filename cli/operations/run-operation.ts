import { type OperationSubject, targetNames } from '../../contracts/kinds.ts';
import { isFinal, type Operation, type OperationRequest, targetOf } from '../../contracts/operations.ts';
import { verbs } from '../../contracts/verbs.ts';
import type { Client } from '../connection/client.ts';
import { followOperation, requireSuccess } from './follow.ts';
import { onInterrupt } from '../shell/interrupt.ts';
import { duration, isTable, type OutputFormat, printDocument } from '../output/output.ts';
import { createProgress } from '../output/progress.ts';
import { printPreview } from './preview.ts';
import { createOperation, previewOperation } from './requests.ts';

/** How to show an operation. */
export interface Showing {
  readonly output: OutputFormat;
  /** False: come back as soon as it is accepted. */
  readonly wait?: boolean;
  /** True: likewise, as the command of vCluster calls it. */
  readonly skipWait?: boolean;
  /** `server`: only say what would be done. */
  readonly dryRun?: string;
}

/** Asks for an operation and shows it to its end, or only what it would do. @throws CommandFailure also if the operation does not succeed */
export async function runOperation(
  client: Client,
  target: Showing & OperationSubject,
  request: Omit<OperationRequest, 'dryRun'>,
): Promise<void> {
  if (target.dryRun !== undefined) {
    printPreview(await previewOperation(client, target, request), target.output);
    return;
  }
  await showOperation(client, target, await createOperation(client, target, request));
}

const ownSubmitMs = 3_000;

/** Shows an operation until it has ended. @throws CommandFailure if it does not succeed */
export async function showOperation(client: Client, showing: Showing, operation: Operation): Promise<void> {
  const { output, wait, skipWait } = showing;
  const shown = isTable(output);
  if (shown) {
    // One's own request may meet the controllers' submit of the same: that is not worth a word.
    const olderMs = Date.now() - Date.parse(operation.createdAt);
    const joined =
      operation.joined === true && !isFinal(operation.state) && olderMs > ownSubmitMs
        ? ', already in progress'
        : '';
    const where = operation.project === undefined ? '' : `project ${operation.project}, `;
    process.stderr.write(
      `${operation.type} ${targetOf(operation).name} (${where}operation ${operation.id})${joined}\n`,
    );
  }
  if (wait === false || skipWait === true) {
    if (!shown) printOperation(operation, output);
    else
      console.log(
        `operation ${operation.id} is ${operation.state}; follow it with: vcp operations watch ${operation.id}`,
      );
    return;
  }
  const last = await followToEnd(client, operation, shown);
  if (!shown) printOperation(last, output);
  requireSuccess(last);
  if (shown) console.log(doneLine(last));
}

/** Prints an operation to programs. */
export function printOperation(operation: Operation, output: OutputFormat): void {
  printDocument(operation, `operation/${operation.id}`, output);
}

async function followToEnd(client: Client, operation: Operation, shown: boolean): Promise<Operation> {
  const progress = createProgress();
  const { id, type } = operation;
  const release = onInterrupt(() => {
    progress.end();
    return `the ${type} goes on; follow it with: vcp operations watch ${id}, end it with: vcp operations cancel ${id}`;
  });
  let last = operation;
  try {
    for await (const now of followOperation(client, id)) {
      last = now;
      if (shown) progress.show(now);
    }
    return last;
  } finally {
    release();
    progress.end();
  }
}

function doneLine(operation: Operation): string {
  const { type, parameters, createdAt, finishedAt } = operation;
  const { kind, name } = targetOf(operation);
  const took =
    finishedAt === undefined ? '' : ` (${duration(Date.parse(finishedAt) - Date.parse(createdAt))})`;
  const snapshot = typeof parameters['snapshot'] === 'string' ? ` (snapshot ${parameters['snapshot']})` : '';
  return `${targetNames[kind].noun} ${name} ${verbs[type].outcome}${snapshot}${took}`;
}
