/** An answer that is so long in coming makes one doubt that the upstream is there. */
const doubtMs = 5_000;

/** Asks `isAlive` every 5 s from `begin` to `end`, and reports the result. */
export function watchLiveness(
  isAlive: () => Promise<void>,
  report: { alive(): void; dead(cause: unknown): void },
) {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const ask = () => {
    isAlive().then(
      () => {
        if (isOver) return;
        timer?.refresh();
        report.alive();
      },
      (cause: unknown) => isOver || report.dead(cause),
    );
  };
  return {
    begin() {
      if (isOver) return;
      if (timer === undefined) timer = setTimeout(ask, doubtMs).unref();
      else timer.refresh();
    },
    end() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
