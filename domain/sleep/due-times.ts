/** When each object is to be looked at again: looking is cheap, 10,000 times in a moment it must be cheaper. */
export interface DueTimes {
  /** Whether `object` was not looked at since it changed, its time has come, or the clock was set back behind the last look. */
  isDue(object: object, now: number): boolean;
  /** Notes that it was looked at, and when that is due again. Milliseconds since 1970. */
  lookedAt(object: object, now: number, next: number): void;
}

/** A new version of an object is another object: so the caches of the controllers hold them. */
export function createDueTimes(): DueTimes {
  const known = new WeakMap<object, { readonly from: number; readonly next: number }>();
  return {
    isDue(object, now) {
      const before = known.get(object);
      return before === undefined || now >= before.next || now < before.from;
    },
    lookedAt: (object, from, next) => void known.set(object, { from, next }),
  };
}
