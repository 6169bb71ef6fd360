import { PlatformError } from '../../contracts/errors.ts';

const mostInPage = 500;
/** Node's timers take no more: a longer one would end at once, or throw. */
const longestTimerMs = 2 ** 31 - 1;

/** What a list or watch of operations asks for. */
export interface OperationQuery {
  /** Of a namespace; undefined: of all. */
  readonly namespace: string | undefined;
  /** The only one that is wanted. */
  readonly name: string | undefined;
  readonly limit: number;
  /** Id of the last operation of the page before. */
  readonly before: string | undefined;
  readonly isWatch: boolean;
  /** Milliseconds of the last change that the client has seen; undefined: it has seen nothing. */
  readonly since: number | undefined;
  /** A watch that begins with all there are, and then says so. */
  readonly sendsInitialEvents: boolean;
  readonly sendsBookmarks: boolean;
  readonly timeoutMs: number | undefined;
  readonly isTable: boolean;
  /** What of its object stands in a row of a table. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
}

/** @throws PlatformError `invalid_request` for what cannot be selected by */
export function readOperationQuery(
  namespace: string | undefined,
  query: Readonly<Record<string, unknown>>,
  accept: string | undefined,
): OperationQuery {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '');
  const isTrue = (name: string) => ['true', '1', 'True'].includes(text(name));
  if (text('labelSelector') !== '')
    throw new PlatformError('invalid_request', 'operations have no labels: leave labelSelector out');
  const fields = readFieldSelector(text('fieldSelector'));
  const version = text('resourceVersion');
  const include = text('includeObject');
  const limit = positive('limit', text('limit')) ?? mostInPage;
  const seconds = positive('timeoutSeconds', text('timeoutSeconds'));
  return {
    namespace: nameIn('namespace', fields.namespace ?? namespace),
    name: fields.name,
    limit: Math.min(limit, mostInPage),
    before: text('continue') === '' ? undefined : text('continue'),
    isWatch: isTrue('watch'),
    since: version === '' || version === '0' ? undefined : positive('resourceVersion', version),
    sendsInitialEvents: isTrue('sendInitialEvents'),
    sendsBookmarks: isTrue('allowWatchBookmarks'),
    timeoutMs: seconds === undefined ? undefined : Math.min(seconds * 1000, longestTimerMs),
    isTable: /;as=Table\b/.test(accept ?? ''),
    includeObject: include === 'None' || include === 'Object' ? include : 'Metadata',
  };
}

function readFieldSelector(selector: string): { name?: string; namespace?: string } {
  const found: { name?: string; namespace?: string } = {};
  for (const term of selector.split(',').filter((each) => each !== '')) {
    const [, field, value = ''] = /^metadata\.(name|namespace)={1,2}([^=!]*)$/.exec(term) ?? [];
    if (field === undefined)
      throw new PlatformError(
        'invalid_request',
        `fieldSelector "${term.slice(0, 100)}": operations are selected by metadata.name=… or metadata.namespace=…`,
      );
    found[field as 'name' | 'namespace'] = value;
  }
  return found;
}

/** PostgreSQL fails at a NUL, and no name has one. */
function nameIn(field: string, name: string | undefined): string | undefined {
  if (name !== undefined && !/^[\x21-\x7e]{0,253}$/.test(name))
    throw new PlatformError('invalid_request', `${field}: not a name`);
  return name;
}

function positive(name: string, text: string): number | undefined {
  if (text === '' || text === '0') return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new PlatformError('invalid_request', `${name}: "${text.slice(0, 40)}" is not a whole number`);
  return number;
}
