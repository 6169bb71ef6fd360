const hourMs = 3_600_000;

/** Times that end now, by their name in the address of a page. */
export const ranges = { '1h': hourMs, '24h': 24 * hourMs, '7d': 168 * hourMs, '30d': 720 * hourMs } as const;
type Range = keyof typeof ranges;

export function isRange(text: string | undefined): text is Range {
  return text !== undefined && Object.hasOwn(ranges, text);
}

/** `from` of an address as the API takes it: a range counts back from `now`; what cannot be read as a time is left out. */
export function timestampOf(text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  if (isRange(text)) return new Date(now - ranges[text]).toISOString();
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** A time as the field for local times of a browser has it: `2026-07-02T14:05`. */
export function localField(text: string | undefined): string {
  const at = Date.parse(text ?? '');
  if (Number.isNaN(at)) return '';
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
