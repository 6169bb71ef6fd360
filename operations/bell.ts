/** Remembers a ring until it is reset, so that none is missed between reading and waiting. */
export function createBell() {
  let isRung = false;
  let wake: () => void = () => undefined;
  return {
    ring: () => {
      isRung = true;
      wake();
    },
    reset: () => {
      isRung = false;
    },
    /** Resolves at the next ring, at once if it rang already, or after `timeoutMs`. */
    rung: (timeoutMs: number) =>
      new Promise<void>((resolve) => {
        if (isRung) return resolve();
        const timer = setTimeout(resolve, timeoutMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
