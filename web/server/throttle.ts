/** Calls `act` for each key at once, and then at most every `ms`, a last time for what came in between. */
export function createThrottle(ms: number, act: (key: string) => void): (key: string) => void {
  const waiting = new Map<string, { again: boolean }>();
  return function call(key) {
    const entry = waiting.get(key);
    if (entry !== undefined) {
      entry.again = true;
      return;
    }
    const began = { again: false };
    waiting.set(key, began);
    act(key);
    setTimeout(() => {
      waiting.delete(key);
      if (began.again) call(key);
    }, ms);
  };
}
