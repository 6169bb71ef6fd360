import { useRef, useState } from 'react';
import type { InstanceName } from '../../server/instances.ts';
import { beginAction, type InstanceAction } from './instance-action.ts';
import { runAtMost } from './run-at-most.ts';

const atOnce = 4;

/** One that the platform refused, and why. */
export interface Refusal {
  readonly target: InstanceName;
  readonly why: string;
}

/** How far an action with many is. */
export interface Progress {
  readonly done: number;
  readonly all: number;
  readonly refusals: readonly Refusal[];
  readonly isRunning: boolean;
}

/** Does one action with many instances, some at once, and keeps which were refused. */
export function useMany(action: InstanceAction) {
  const [progress, setProgress] = useState<Progress>();
  const isStopped = useRef(false);

  /** Gives how many were accepted, and which are left: those that were refused, or not tried after a stop. */
  async function run(
    targets: readonly InstanceName[],
  ): Promise<{ readonly accepted: number; readonly left: readonly InstanceName[] }> {
    const refusals: Refusal[] = [];
    const accepted = new Set<InstanceName>();
    const show = (isRunning: boolean) =>
      setProgress({
        done: accepted.size + refusals.length,
        all: targets.length,
        refusals: [...refusals],
        isRunning,
      });
    isStopped.current = false;
    show(true);
    await runAtMost(
      atOnce,
      targets,
      async (target) => {
        try {
          await beginAction(action, target);
          accepted.add(target);
        } catch (error) {
          refusals.push({ target, why: (error as Error).message });
        }
        show(true);
      },
      () => isStopped.current,
    );
    show(false);
    return { accepted: accepted.size, left: targets.filter((target) => !accepted.has(target)) };
  }

  function stop(): void {
    isStopped.current = true;
  }
  return { progress, run, stop };
}
