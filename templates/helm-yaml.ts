import {
  type Document,
  isAlias,
  isCollection,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  parseDocument,
  type ScalarTag,
  type Tags,
} from 'yaml';

/**
 * A plain scalar as a number if Go's YAML reads it as one: `1:30` and `2026-11-29` are texts there, `e3` and `.` too, and
 * `0o17` is a number.
 */
function goNumber(text: string): number | string {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return Number(`${text[0] === '-' ? '-' : ''}Infinity`);
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return Number.NaN;
  const plain = text.replaceAll('_', '');
  const octal = /^([-+]?)0[oO]?([0-7]+)$/.exec(plain);
  if (octal !== null) return Number(`${octal[1] ?? ''}1`) * Number.parseInt(octal[2] ?? '', 8);
  const based = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+)$/.exec(plain);
  if (based !== null) return Number(`${based[1] ?? ''}1`) * Number(based[2]);
  const isFloat = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain);
  return isFloat && Number.isFinite(Number(plain)) ? Number(plain) : text;
}

const ofGo = (tag: string): ScalarTag => ({ tag, default: true, test: /^[-+.\d]/, resolve: goNumber });
const int = ofGo('tag:yaml.org,2002:int');
const float = ofGo('tag:yaml.org,2002:float');
const tags = (all: Tags): Tags => [
  int,
  float,
  ...all.filter(
    (tag) =>
      typeof tag === 'string' || ![int.tag, float.tag, 'tag:yaml.org,2002:timestamp'].includes(tag.tag),
  ),
];
const options = {
  version: '1.1',
  customTags: tags,
  logLevel: 'error',
  // The last of two equal keys counts, as in Go's.
  uniqueKeys: false,
} as const;

/** The parser looks through all of them for each. */
const maxAliases = 5000;
/** Characters of scalars plus one for each value, with every alias written out. */
const maxExpanded = 1024 * 1024;

/** Why a YAML text is refused. The message says it of "the values" or the like, and quotes nothing of the text. */
export class YamlFault extends Error {}

/**
 * One YAML document as Helm reads it (YAML 1.1 of Go), as JSON values only.
 * @param adapt changes scalars before they are read
 * @throws YamlFault
 */
export function readHelmYaml(text: string, adapt?: (document: Document) => void): unknown {
  return withFaults(() => {
    const lines = new LineCounter();
    const document = parseDocument(text, { ...options, lineCounter: lines });
    return contentOf(document, lines, adapt);
  });
}

/** All documents of a YAML stream, likewise. */
export function readHelmYamlStream(text: string): unknown[] {
  return withFaults(() => {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, { ...options, lineCounter: lines });
    return Array.isArray(documents) ? documents.map((document) => contentOf(document, lines)) : [];
  });
}

function withFaults<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new YamlFault('are nested too deeply');
    throw error instanceof YamlFault ? error : new YamlFault('are not valid YAML (it cannot be read)');
  }
}

function contentOf(document: Document, lines: LineCounter, adapt?: (document: Document) => void): unknown {
  const [error] = document.errors;
  if (error?.code === 'RESOURCE_EXHAUSTION') throw new YamlFault('are nested too deeply');
  if (error !== undefined) {
    const at = error.linePos?.[0];
    throw new YamlFault(`are not valid YAML (${at === undefined ? 'it cannot be read' : position(at)})`);
  }
  checkAliases(document, lines);
  adapt?.(document);
  const content: unknown = document.toJS({ maxAliasCount: -1 });
  checkJson(content);
  return content;
}

function position({ line, col }: { line: number; col: number }): string {
  return `line ${line}, column ${col}`;
}

/** Measures the document with its aliases written out, without writing them out: a few lines may become gigabytes. */
function checkAliases(document: Document, lines: LineCounter): void {
  /** Size of what each anchor stands for; undefined while it is read. */
  const sizes = new Map<string, number | undefined>();
  let aliases = 0;
  const sizeOf = (node: unknown): number => {
    if (isAlias(node)) {
      aliases += 1;
      if (aliases > maxAliases)
        throw new YamlFault(`have more than ${maxAliases} aliases (*name): write fewer of them`);
      const size = sizes.get(node.source);
      if (size === undefined) {
        const at = position(lines.linePos(node.range?.[0] ?? 0));
        throw new YamlFault(
          sizes.has(node.source)
            ? `are not valid YAML (an anchor that contains itself at ${at})`
            : `are not valid YAML (an alias without an anchor at ${at}; put a text that begins with * in quotes)`,
        );
      }
      return size;
    }
    const { anchor } = (node ?? {}) as Partial<Node> & { anchor?: string };
    if (anchor !== undefined) sizes.set(anchor, undefined);
    const size = 1 + contentSize(node, sizeOf);
    if (size > maxExpanded)
      throw new YamlFault(
        `are longer than ${maxExpanded / 1024 / 1024} MiB once their aliases (*name) are written out`,
      );
    if (anchor !== undefined) sizes.set(anchor, size);
    return size;
  };
  sizeOf(document.contents);
}

function contentSize(node: unknown, sizeOf: (node: unknown) => number): number {
  if (isScalar(node)) return node.source?.length ?? 0;
  if (isPair(node)) return sizeOf(node.key) + sizeOf(node.value);
  return isCollection(node) ? node.items.reduce<number>((sum, item) => sum + sizeOf(item), 0) : 0;
}

/** The API server reads an applied object as YAML again, where these are line ends or nothing at all. */
const unreadable = /[\u007f-\u009f\ufeff\ufffe\uffff]/;

function checkJson(value: unknown): void {
  if (value === null || value === undefined || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    if (unreadable.test(value)) throw new YamlFault('have a text with control characters');
    return;
  }
  if (typeof value === 'number') {
    if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return;
    throw new YamlFault('have a number that is too large to be exact: put it in quotes');
  }
  if (Array.isArray(value)) return value.forEach(checkJson);
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    throw new YamlFault('have a value that cannot be written as JSON (a YAML tag such as !!binary or !!set)');
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
