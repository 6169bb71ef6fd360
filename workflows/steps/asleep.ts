import { type LostPods, lostPodsText } from '../../contracts/lost-pods.ts';
import type { OperationRun } from './operation-run.ts';
import type { Success } from './run-operation.ts';

/** The end of a sleep, which says in `step`, and in the operation, what was lost. */
export function asleep(run: Pick<OperationRun, 'note'>, step: string, lost: LostPods | undefined): Success {
  const report = { phase: 'Sleeping' } as const;
  if (lost === undefined) return { report };
  const message = `Lost ${lostPodsText(lost)}`;
  run.note(step, message);
  return { report, message };
}
