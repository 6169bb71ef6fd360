/** What YAML takes for nothing at all. */
const nothing = /^\s*(?:null|Null|NULL|~|<<|=)?\s*$/;

/**
 * Texts like `text` that cannot be anything but text to a reader of YAML, wherever a template writes them. If one of
 * them gives a template's values the same structure as `text` does, `text` was taken for text too.
 * @param decoded whether the template reads structure out of it (`fromYaml`, `b64dec`), so that letters may become it
 * @returns none if `text` is such a text itself
 */
export function harmlessTexts(text: string, decoded: boolean): string[] {
  if (decoded) return [text.replace(/[^\s]/gu, 'x').replace(/\s/g, ' ') || 'x'];
  if (nothing.test(text)) return ['x'];
  const flat = withoutSyntax(text);
  const lines = withLines(text);
  return flat === text || lines.includes(text) ? [] : [flat, ...withCommas(text), ...lines];
}

/** As long as `text`, and where it is all letters, digits and what never has a meaning between them, the same. */
function withoutSyntax(text: string): string {
  return (
    text
      // Quotes and escapes end the quotes of a template; brackets and commas have a meaning anywhere.
      .replace(/['"\\`[\]{},\n\t\r]/g, 'x')
      .replace(/:(?![\p{Letter}\p{Number}/])/gu, 'x')
      .replace(/(?<=^|\s)#/g, 'x')
      .replace(/(?<=^|\s)[&*!|>%@?:~<=]/g, 'x')
      .replace(/(?<=^|\s)[-.](?=\s|$|[-.])/g, 'x')
      // A text that is a part of the template's own line must not leave a blank at its end or beginning to it.
      .replace(/^\s|\s$/g, 'x')
  );
}

/** For a template that splits at commas: the same number of parts. The bracket is an error where YAML itself splits. */
function withCommas(text: string): string[] {
  if (!text.includes(',')) return [];
  return [
    text
      .split(',')
      .map((part) => `${withoutSyntax(part.trim())}x]x`)
      .join(','),
  ];
}

/** For a template that splits at line ends. */
function withLines(text: string): string[] {
  if (!text.includes('\n')) return [];
  return [
    text
      .split('\n')
      .map((line) => (nothing.test(line) ? 'x' : withoutSyntax(line)))
      .join('\n'),
  ];
}
