import type { Operation, OperationStep } from '../../contracts/operations.ts';
import { isFinal } from '../../contracts/operations.ts';
import { duration, oneLine } from './output.ts';

/** Shows an operation as it goes on. */
export interface Progress {
  show(operation: Operation): void;
  /** Leaves the screen as it is. */
  end(): void;
}

const marks: Record<OperationStep['state'], string> = {
  pending: '·',
  running: '▸',
  succeeded: '✓',
  failed: '✗',
  cancelled: '–',
  skipped: '–',
  undoing: '↶',
  undone: '↶',
  undo_failed: '✗',
};

/** Steps redrawn in place on a terminal; elsewhere one line for each change. Both on stderr. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? createRedrawn(stream) : createLines(stream);
}

function createLines(stream: NodeJS.WritableStream): Progress {
  const shown = new Map<string, string>();
  const line = (key: string, text: string) => {
    if (shown.get(key) === text) return;
    shown.set(key, text);
    stream.write(`${text}\n`);
  };
  return {
    show(operation) {
      const waiting = waitingLine(operation);
      if (waiting !== undefined) line('waiting', `  ${waiting}`);
      for (const step of operation.steps) {
        if (step.state !== 'pending') line(step.key, stepLine(step, false));
      }
    },
    end: () => undefined,
  };
}

const redrawMs = 100;

function createRedrawn(stream: NodeJS.WriteStream): Progress {
  let last: Operation | undefined;
  let height = 0;
  const draw = () => {
    if (last === undefined) return;
    const waiting = waitingLine(last);
    const lines = [
      ...(waiting === undefined ? [] : [`  ${waiting}`]),
      ...last.steps.map((step) => stepLine(step, true)),
    ];
    const width = stream.columns || 80;
    const text = lines.map((line) => `\u001b[2K${line.slice(0, width - 1)}\n`).join('');
    stream.write(`${height === 0 ? '' : `\u001b[${height}A`}${text}\u001b[0J`);
    height = lines.length;
  };
  // Running steps count their seconds.
  const timer = setInterval(draw, redrawMs);
  return {
    show(operation) {
      last = operation;
      draw();
      if (isFinal(operation.state)) clearInterval(timer);
    },
    end: () => clearInterval(timer),
  };
}

function waitingLine({ state, blockedBy, live }: Operation): string | undefined {
  if (state !== 'queued') return undefined;
  if (blockedBy !== undefined)
    return `waiting in queue behind ${blockedBy.type} (requested by ${blockedBy.actor})`;
  return live ? undefined : 'waiting: Temporal or the worker does not answer';
}

/** A step in a line; `counting`: with the time so far, if it runs. */
export function stepLine(step: OperationStep, counting: boolean): string {
  const details = [
    timeOf(step, counting),
    step.attempt !== undefined && step.attempt > 1 ? `attempt ${step.attempt}` : undefined,
    step.message,
  ];
  const text = details.filter((detail) => detail !== undefined && detail !== '').join(', ');
  return oneLine(`  ${marks[step.state]} ${step.title}${text === '' ? '' : ` (${text})`}`);
}

function timeOf({ startedAt, finishedAt }: OperationStep, counting: boolean): string | undefined {
  if (startedAt === undefined || (finishedAt === undefined && !counting)) return undefined;
  const end = finishedAt === undefined ? Date.now() : Date.parse(finishedAt);
  return duration(Math.max(0, end - Date.parse(startedAt)));
}
