/** Of which requests a sleep policy says that they are not activity. */
export interface IgnoreRules {
  /** Every request. */
  readonly all: boolean;
  /** Those of a user with one of these groups. */
  readonly groups: readonly string[];
  /** Kubernetes' verbs; `*`: each. */
  readonly verbs: readonly string[];
  readonly resources: readonly IgnoredResource[];
  readonly resourceVerbs: readonly (IgnoredResource & { readonly verbs: readonly string[] })[];
  readonly resourceNames: readonly (IgnoredResource & { readonly names: readonly string[] })[];
  /** Clients, as their `User-Agent` begins if the entry ends in `*`, and as it is otherwise. */
  readonly userAgents: readonly string[];
}

/** A resource of an API group, that may be the core's (empty); `*`: each. */
export interface IgnoredResource {
  readonly resource: string;
  readonly group: string;
}

/** The texts that rules are read from: lists with commas, each entry trimmed. */
export const ignoreLists = [
  'ignoreGroups',
  'ignoreVerbs',
  'ignoreResources',
  'ignoreResourceVerbs',
  'ignoreResourceNames',
  'ignoreUserAgents',
] as const;
export type IgnoreList = (typeof ignoreLists)[number];

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*'];
const resourcePattern = /^(?:\*|[a-z0-9][-a-z0-9]*)(?:\.[a-z0-9][-.a-z0-9]*)?$/;
const maxLength = 4096;

/** What is wrong with an entry of each list, for people. */
const entryFaults: Record<IgnoreList, (entry: string) => string | undefined> = {
  ignoreGroups: () => undefined,
  ignoreVerbs: verbFault,
  ignoreResources: resourceFault,
  ignoreResourceVerbs: (entry) => pairFault(entry, 'pods=get list', verbFault),
  ignoreResourceNames: (entry) => pairFault(entry, 'configmaps=a b', () => undefined),
  ignoreUserAgents: (entry) =>
    entry.slice(0, -1).includes('*') ? `${quoted(entry)}: "*" may only stand at the end` : undefined,
};

/** Why a list cannot be read, for people; undefined: it can. */
export function ignoreListFault(list: IgnoreList, text: string): string | undefined {
  if (text.length > maxLength) return `longer than ${maxLength} characters`;
  for (const entry of entriesOf(text)) {
    const fault = entry === '' ? 'an entry is empty: write them with single commas between' : undefined;
    const found = fault ?? entryFaults[list](entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The rules that settings say; what a list says that cannot be read is left out. */
export function ignoreRulesOf(
  settings: { readonly [L in IgnoreList]?: string } & { readonly ignoreAll?: boolean },
): IgnoreRules {
  const entries = (list: IgnoreList) => entriesOf(settings[list] ?? '').filter((entry) => entry !== '');
  const pairs = (list: IgnoreList) =>
    entries(list).map((entry) => {
      const [resource = '', values = ''] = entry.split('=');
      return { ...resourceOf(resource.trim()), values: wordsOf(values) };
    });
  return {
    all: settings.ignoreAll === true,
    groups: entries('ignoreGroups'),
    verbs: entries('ignoreVerbs'),
    resources: entries('ignoreResources').map(resourceOf),
    resourceVerbs: pairs('ignoreResourceVerbs').map(({ values, ...of }) => ({ ...of, verbs: values })),
    resourceNames: pairs('ignoreResourceNames').map(({ values, ...of }) => ({ ...of, names: values })),
    userAgents: entries('ignoreUserAgents'),
  };
}

/** `deployments.apps`; `pods` and `pods.core` are of the core. */
function resourceOf(text: string): IgnoredResource {
  const dot = text.indexOf('.');
  const group = dot < 0 ? '' : text.slice(dot + 1);
  return { resource: dot < 0 ? text : text.slice(0, dot), group: group === 'core' ? '' : group };
}

function entriesOf(text: string): string[] {
  return text.trim() === '' ? [] : text.split(',').map((entry) => entry.trim());
}

function wordsOf(text: string): string[] {
  return text.split(/[ \t]+/).filter((word) => word !== '');
}

function verbFault(verb: string): string | undefined {
  return verbs.includes(verb) ? undefined : `${quoted(verb)} is not a verb: ${verbs.join(', ')}`;
}

function resourceFault(resource: string): string | undefined {
  return resourcePattern.test(resource)
    ? undefined
    : `${quoted(resource)} is not a resource: write "pods" or "deployments.apps"`;
}

function pairFault(
  entry: string,
  example: string,
  wordFault: (word: string) => string | undefined,
): string | undefined {
  const [resource = '', values = '', ...rest] = entry.split('=');
  const words = wordsOf(values);
  if (rest.length > 0 || words.length === 0) return `${quoted(entry)}: write it like "${example}"`;
  return resourceFault(resource.trim()) ?? words.map(wordFault).find((fault) => fault !== undefined);
}

function quoted(text: string): string {
  return `"${text.slice(0, 40)}"`;
}
