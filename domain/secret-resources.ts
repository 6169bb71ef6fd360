import { managementApiVersion } from '../contracts/names.ts';
import type { ObjectMeta } from '../contracts/resources/object-meta.ts';
import {
  type SecretPlural,
  type SecretResource,
  type SecretSpec,
  secretKinds,
} from '../contracts/resources/secret-kinds.ts';
import { namedGroups } from './accounts/identity-names.ts';
import { ignoredCondition } from './ignored-fields.ts';

/** The core Secret that a ProjectSecret or SharedSecret is kept as. */
export interface KeptSecret {
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>> | undefined;
}

/** uid of the user or team whose group it is (`loft:user:…`, `loft:team:…`); undefined if there is none. */
export type UidOfGroup = (group: string) => string | undefined;

/** Annotation: uids of the users and teams that owner and access name, by their groups. */
const namedUids = 'vcluster-platform.io/named-uids';

/**
 * The Secret to keep: whom owner and access name is kept with the uids, so that a later user of the name holds nothing of it. A name
 * that is nobody's yet stays without effect.
 */
export function toKept(
  plural: SecretPlural,
  { name = '', ...metadata }: Partial<ObjectMeta>,
  { displayName, description, owner, access, data = {} }: SecretSpec,
  uidOf: UidOfGroup,
): KeptSecret & { readonly apiVersion: 'v1'; readonly kind: 'Secret'; readonly type: 'Opaque' } {
  const { label } = secretKinds[plural];
  const uids = [...new Set(entriesOf({ owner, access }).flatMap(({ groups }) => groups))].flatMap((group) => {
    const uid = uidOf(group);
    return uid === undefined ? [] : [[group, uid]];
  });
  const kept = {
    displayname: displayName,
    description,
    owner: owner && JSON.stringify(owner),
    access: access?.length ? JSON.stringify(access) : undefined,
  };
  const annotations = Object.entries(kept).flatMap(([field, text]) =>
    text ? [[`${label}-${field}`, text] as const] : [],
  );
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name,
      ...metadata,
      labels: { ...metadata.labels, [label]: 'true' },
      annotations: {
        ...metadata.annotations,
        ...Object.fromEntries(annotations),
        ...(uids.length === 0 ? {} : { [namedUids]: JSON.stringify(Object.fromEntries(uids)) }),
      },
    },
    data,
  };
}

/** The Secret as its readers see it; undefined if it is none of this kind. */
export function fromKept(
  plural: SecretPlural,
  { metadata, data }: KeptSecret,
  uidOf: UidOfGroup,
): SecretResource | undefined {
  const { kind, label } = secretKinds[plural];
  const { labels = {}, annotations = {}, ...rest } = metadata;
  if (labels[label] !== 'true') return undefined;
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = rest;
  const given = (field: string) => annotations[`${label}-${field}`];
  const uids = (parsed(annotations[namedUids]) ?? {}) as Record<string, string>;
  const isStill = (group: string) =>
    !isOfOne(group) || (uids[group] !== undefined && uids[group] === uidOf(group));
  const spec = withoutFormer(
    {
      displayName: given('displayname'),
      description: given('description'),
      owner: parsed(given('owner')) as SecretSpec['owner'],
      access: parsed(given('access')) as SecretSpec['access'], // both were checked before they were kept
    },
    isStill,
  );
  const ignored = Object.keys(labels).filter((name) => unusedLabels.includes(name));
  return {
    apiVersion: managementApiVersion,
    kind,
    metadata: defined({
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      deletionTimestamp,
      ...without(labels, (key) => key === label, 'labels'),
      ...without(annotations, (key) => isOwn(plural, key), 'annotations'),
    }) as unknown as ObjectMeta,
    spec: defined({ ...spec, data }),
    ...(ignored.length === 0
      ? {}
      : { status: { conditions: [ignoredCondition(ignored.map((key) => `metadata.labels[${key}]`))] } }),
  };
}

/** Whether an annotation is the platform's own: no one sets it but by the spec. */
export function isOwn(plural: SecretPlural, annotation: string): boolean {
  return annotation === namedUids || annotation.startsWith(`${secretKinds[plural].label}-`);
}

/** Whether owner or access of the secret let somebody of these groups do `verb`. */
export function secretGrants(
  spec: Pick<SecretSpec, 'owner' | 'access'>,
  groups: readonly string[],
  verb: string,
): boolean {
  return entriesOf(spec).some(
    ({ verbs, groups: named }) =>
      (verbs.includes('*') || verbs.includes(verb)) && named.some((group) => groups.includes(group)),
  );
}

/** Whose data a ProjectSecret takes in vCluster Platform: not copied here. */
const unusedLabels = ['loft.sh/sharedsecret-name', 'loft.sh/sharedsecret-namespace'];

/** Who may do what by owner and access, as for every other kind (controllers/rbac/access-grants.ts). */
function entriesOf({ owner, access = [] }: Pick<SecretSpec, 'owner' | 'access'>) {
  const owners = namedGroups(owner?.user ? [owner.user] : [], owner?.team ? [owner.team] : []);
  return [
    { verbs: ['*'], groups: owners },
    ...access.map(({ verbs = [], users = [], teams = [] }) => ({ verbs, groups: namedGroups(users, teams) })),
  ];
}

/** Not everybody's. */
function isOfOne(group: string): boolean {
  return group.startsWith('loft:');
}

function withoutFormer(spec: SecretSpec, isStill: (group: string) => boolean): SecretSpec {
  const { owner, access } = spec;
  const users = (names: readonly string[] = []) =>
    names.filter((name) => namedGroups([name], []).every(isStill));
  const teams = (names: readonly string[] = []) =>
    names.filter((name) => namedGroups([], [name]).every(isStill));
  const isOwned =
    users(owner?.user ? [owner.user] : []).length + teams(owner?.team ? [owner.team] : []).length > 0;
  return defined({
    ...spec,
    owner: isOwned ? owner : undefined,
    access: access?.map((entry) => ({
      ...entry,
      ...(entry.users === undefined ? {} : { users: users(entry.users) }),
      ...(entry.teams === undefined ? {} : { teams: teams(entry.teams) }),
    })),
  });
}

/** What an annotation holds; nothing of what is not JSON: it gives no one anything. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function without(
  all: Readonly<Record<string, string>>,
  isHidden: (key: string) => boolean,
  field: string,
): Record<string, object> {
  const shown = Object.entries(all).filter(([key]) => !isHidden(key));
  return shown.length === 0 ? {} : { [field]: Object.fromEntries(shown) };
}

function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
