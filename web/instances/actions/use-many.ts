import { useEffect, useRef, useState } from 'react';
import { beginAction, type InstanceAction, type SeenInstance } from './instance-action.ts';
import { runAtMost } from './run-at-most.ts';

const atOnce = 4;

/** One that the platform refused, and why. */
export interface Refusal {
  readonly target: SeenInstance;
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
  // The user who leaves the page sees no longer what is done.
  useEffect(
    () => () => {
      isStopped.current = true;
    },
    [],
  );

  /** Gives how many were accepted, and which are left: those that were refused, or not tried after a stop. */
  async function run(
    targets: readonly SeenInstance[],
  ): Promise<{ readonly accepted: number; readonly left: readonly SeenInstance[] }> {
    const refusals: Refusal[] = [];
    const accepted = new Set<SeenInstance>();
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
