import { randomUUID } from 'node:crypto';
import { LruMap } from 'toad-cache';

/** One page of a list, and those before it. */
export interface ShownPage {
  readonly resourceVersion: string;
  readonly keys: readonly string[];
  readonly before: ShownPage | undefined;
}

/** What callers were shown of lists that they have not read to the end; the longest unused go first. */
export interface ShownPages {
  /** Remembers the page that ends a chain, under the name that it returns. */
  add(page: ShownPage): string;
  get(name: string): ShownPage | undefined;
}

const maxRemembered = 2_000;

export function createShownPages(): ShownPages {
  const pages = new LruMap<ShownPage>(maxRemembered);
  return {
    add(page) {
      const name = randomUUID();
      pages.set(name, page);
      return name;
    },
    get: (name) => pages.get(name),
  };
}

/** Keys of all pages up to this one. */
export function keysUpTo(last: ShownPage): Set<string> {
  const keys = new Set<string>();
  for (let page: ShownPage | undefined = last; page !== undefined; page = page.before)
    for (const key of page.keys) keys.add(key);
  return keys;
}
