import { type Document, parseAllDocuments, parseDocument, type Tags } from 'yaml';

/** Go's YAML has neither times nor numbers of base 60: `1:30` and `2026-11-29` are texts. */
const tags = (all: Tags): Tags =>
  all.filter(
    (tag) => typeof tag === 'string' || !(tag.format === 'TIME' || tag.tag === 'tag:yaml.org,2002:timestamp'),
  );
const options = {
  version: '1.1',
  customTags: tags,
  logLevel: 'error',
  // The last of two equal keys counts, as in Go's.
  uniqueKeys: false,
} as const;
const maxAliases = 20;

/**
 * One YAML document as Helm reads it (YAML 1.1 of Go), as JSON values only.
 * @throws Error whose message may quote the text
 */
export function readHelmYaml(text: string): unknown {
  return contentOf(parseDocument(text, options));
}

/** All documents of a YAML stream, likewise. */
export function readHelmYamlStream(text: string): unknown[] {
  const documents = parseAllDocuments(text, options);
  return Array.isArray(documents) ? documents.map(contentOf) : [];
}

function contentOf(document: Document): unknown {
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const content: unknown = document.toJS({ maxAliasCount: maxAliases });
  checkJson(content);
  return content;
}

/** The API server reads an applied object as YAML again, where these are line ends or nothing at all. */
const unreadable = /[\u007f-\u009f\ufeff\ufffe\uffff]/;

function checkJson(value: unknown): void {
  if (value === null || value === undefined || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    if (unreadable.test(value)) throw new Error('a string has control characters');
    return;
  }
  if (typeof value === 'number') {
    if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return;
    throw new Error('a number is too large');
  }
  if (Array.isArray(value)) return value.forEach(checkJson);
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error('a value cannot be written as JSON');
  Object.values(value).forEach(checkJson);
}

/**
 * JSON that every reader of YAML reads alike, on one line: what readers could take for a line end, for a mark of the
 * stream, or for what Go's templates leave behind (`<no value>`) is escaped.
 */
export function unambiguousJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
