import { reservedPrefixes } from '../../contracts/names.ts';

/**
 * Why `name` cannot be a user or group towards Kubernetes, or undefined if it can: any letters of any language, as one
 * spelling that everyone on the way reads as the same bytes. Kubernetes compares bytes, people compare what they see;
 * so names that look like another one, or that something on the way could change into another one, are refused.
 * (Reserved names themselves: reserved-names.ts.)
 */
export function nameFault(name: string): string | undefined {
  if (plain.test(name)) return undefined;
  if (name === '') return 'is empty';
  if (!name.isWellFormed() || name.includes('\ufffd')) return 'has a character that cannot be read';
  const unseen = /[\p{C}\p{Default_Ignorable_Code_Point}]/u.exec(name)?.[0];
  if (unseen !== undefined) return `has a character that no one sees (${codePoint(unseen)})`;
  const blank = /(?! )\p{Z}/u.exec(name)?.[0];
  if (blank !== undefined) return `has a blank that is not a plain space (${codePoint(blank)})`;
  if (/^ | $/.test(name)) return 'begins or ends with a space';
  if (/^\p{M}/u.test(name)) return 'begins with a combining mark';
  if (name !== name.normalize('NFC')) return 'is not in Unicode normal form C (NFC)';
  const reserved = reservedPrefixes.find((prefix) => looksLike(name, prefix));
  return reserved === undefined ? undefined : `looks like the reserved "${reserved}"`;
}

/** `name` for a message: not too long, and nothing in it that a terminal would obey. */
export function shownName(name: string): string {
  return name
    .slice(0, 80)
    .replace(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (char) => `<${codePoint(char)}>`);
}

/** Most names: visible ASCII, with spaces inside. */
const plain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Whether `name` could be taken for one that begins with `prefix`: each letter that is not ASCII for any letter (Cyrillic "ѕ"
 * for "s"), each sign for a colon or hyphen. Diacritics do not count. Scripts that resemble no Latin letter are left out.
 */
function looksLike(name: string, prefix: string): boolean {
  const plainer = name
    .normalize('NFKD')
    .replace(/[\p{Mn}\p{Me}]/gu, '')
    .toLowerCase();
  const letters = Array.from(plainer); // code points
  return Array.from(prefix).every((wanted, index) => {
    const letter = letters[index] ?? '';
    if (letter === wanted) return true;
    const couldBe = /[a-z]/.test(wanted) ? letterOfOtherScript : signOfOtherScript;
    return couldBe.test(letter);
  });
}

const letterOfOtherScript =
  /^(?![\0-\x7f\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Thai}\p{sc=Devanagari}])./u;
const signOfOtherScript = /^(?![\0-\x7f])[\P{L}\p{Lm}]/u;

function codePoint(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
