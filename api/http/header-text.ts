/**
 * Text of any language as the value of a header: in UTF-8, as API servers read it. Node and undici write each character of
 * a value as one byte.
 */
export function toHeaderText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of a header's value as Node gives it, one character for each byte; undefined if it is not UTF-8. */
export function fromHeaderText(value: string): string | undefined {
  if (isAscii(value)) return value;
  if (/[^\0-\xff]/.test(value)) return undefined; // no header has come as this
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return undefined; // TypeError: not UTF-8
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
