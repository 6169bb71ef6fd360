import { kindNames, type OperationTarget } from '../contracts/kinds.ts';
import { isFinal, type Operation, type OperationRequest, targetOf } from '../contracts/operations.ts';
import { verbs } from '../contracts/verbs.ts';
import type { Client } from './client.ts';
import { followOperation, requireSuccess } from './follow.ts';
import { duration, type OutputFormat, printDocument } from './output.ts';
import { createProgress } from './progress.ts';

/** Which tenant cluster or space, and how to show what happens with it. */
export interface ShownTarget extends OperationTarget {
  readonly output: OutputFormat;
  /** Come back as soon as it is accepted. */
  readonly skipWait?: boolean;
}

/** Asks for an operation and shows it to its end. @throws CommandFailure also if the operation does not succeed */
export async function runOperation(
  client: Client,
  target: ShownTarget,
  request: OperationRequest,
): Promise<void> {
  const path = `/api/v1/projects/${target.project}/${kindNames[target.kind].collection}/${target.name}/operations`;
  const operation = await client.call<Operation>('POST', path, request);
  await showOperation(client, target, operation);
}

const ownSubmitMs = 3_000;

/** Shows an operation until it has ended. @throws CommandFailure if it does not succeed */
export async function showOperation(
  client: Client,
  target: Pick<ShownTarget, 'output' | 'skipWait'>,
  operation: Operation,
): Promise<void> {
  if (target.output === 'table') {
    // One's own request may meet the controllers' submit of the same: that is not worth a word.
    const olderMs = Date.now() - Date.parse(operation.createdAt);
    const joined =
      operation.joined === true && !isFinal(operation.state) && olderMs > ownSubmitMs
        ? ', already in progress'
        : '';
    process.stderr.write(
      `${operation.type} ${targetOf(operation).name} (project ${operation.project}, operation ${operation.id})${joined}\n`,
    );
  }
  if (target.skipWait === true) {
    if (target.output !== 'table') printDocument(operation, target.output);
    return;
  }
  const last = await followToEnd(client, operation, target.output);
  if (target.output !== 'table') printDocument(last, target.output);
  requireSuccess(last);
  if (target.output === 'table') console.log(doneLine(last));
}

async function followToEnd(client: Client, operation: Operation, output: OutputFormat): Promise<Operation> {
  const progress = createProgress();
  let last = operation;
  try {
    for await (const now of followOperation(client, operation.id)) {
      last = now;
      if (output === 'table') progress.show(now);
    }
    return last;
  } finally {
    progress.end();
  }
}

function doneLine(operation: Operation): string {
  const { type, parameters, createdAt, finishedAt } = operation;
  const { kind, name } = targetOf(operation);
  const took =
    finishedAt === undefined ? '' : ` (${duration(Date.parse(finishedAt) - Date.parse(createdAt))})`;
  const snapshot = typeof parameters['snapshot'] === 'string' ? ` (snapshot ${parameters['snapshot']})` : '';
  return `${kindNames[kind].noun} ${name} ${verbs[type].outcome}${snapshot}${took}`;
}
