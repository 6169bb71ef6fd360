import { managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { type OperationKind, type OperationSubject, targetNames } from '../../contracts/kinds.ts';
import { type Identity, readerIdentity } from '../identity/identity.ts';
import type { Gateway } from '../gateway.ts';
import { statusMessage } from '../upstreams/json-request.ts';
import { type Action, administratorAction, recordAction } from './action.ts';

type Deps = Pick<Gateway, 'managementJson' | 'review'>;

/** A row, a snapshot: what it is about, and which one of that name. No uid: not known, and so not accessible to users. */
export interface RecordTarget extends OperationSubject {
  readonly uid?: string | undefined;
  readonly projectUid?: string | undefined;
}

/** Which records of one name: all there are, or those of one uid and of one project with what is gone of it. */
export type VisibleRecords =
  | 'all'
  | { readonly uid: string | undefined; readonly projectUid: string | undefined };

/** What a caller may do with records of one project, or of what is in none. */
export interface RecordAccess {
  /**
   * Whether one may do `verb` with what is recorded of a tenant cluster or space: while it is there, who may do that with
   * it (to read of a connected cluster: who may change it); when it is gone, even if its name is in use again, only the administrators of its very project and of the platform.
   */
  allows(verb: string, record: RecordTarget): Promise<boolean>;
  /** What one may see of a name; undefined: to this one there is none. */
  visible(kind: OperationKind, name: string): Promise<VisibleRecords | undefined>;
  /** uid of the one that has this name now. */
  presentUid(kind: OperationKind, name: string): Promise<string | undefined>;
}

/** The uid of what is at a path of the management group now; undefined: nothing is. */
export type PresentUids = (path: string) => Promise<string | undefined>;

/**
 * Asks the management API itself, not a cache: one that lags would give a former one's records to who has its name by now.
 * Answers are kept for as long as the function is: make one for each request, or for each change that several are told.
 * @throws PlatformError (by its function) `management_unavailable`
 */
export function presentUids(deps: Pick<Deps, 'managementJson'>): PresentUids {
  const uids = new Map<string, Promise<string | undefined>>();
  return (path) => {
    const asked = uids.get(path) ?? readUid(deps, `/apis/${managementApiVersion}/${path}`);
    uids.set(path, asked);
    return asked;
  };
}

/** @param project empty: records of what is in none. @throws PlatformError (by its functions) `management_unavailable` */
export function recordAccess(
  deps: Deps,
  identity: Identity,
  project: string,
  uidAt: PresentUids = presentUids(deps),
): RecordAccess {
  const within = project === '' ? '' : `namespaces/${projectNamespace(project)}/`;
  const presentUid = (kind: OperationKind, name: string) =>
    uidAt(`${within}${targetNames[kind].plural}/${name}`);
  const mayAll = (action: Action) => deps.review.allows(identity, action);
  const administered = (kind: OperationKind) => administeredProject(deps, identity, { kind, project }, uidAt);

  return {
    presentUid,
    async allows(verb, record) {
      const { kind, name, uid, projectUid } = record;
      // Decided before looking whether it exists: the response time must not reveal it. Administrators may it by any name.
      if (!(await deps.review.allows(identity, recordAction(verb, record)))) return false;
      if (await mayAll(administratorAction)) return true;
      if (projectUid !== undefined && projectUid === (await administered(kind))) return true;
      return uid !== undefined && uid === (await presentUid(kind, name));
    },
    async visible(kind, name) {
      if (!(await deps.review.allows(identity, recordAction('get', { kind, project, name }))))
        return undefined;
      if (await mayAll(administratorAction)) return 'all';
      const [uid, projectUid] = await Promise.all([presentUid(kind, name), administered(kind)]);
      return uid === undefined && projectUid === undefined ? undefined : { uid, projectUid };
    },
  };
}

/**
 * Decides for one request whether `identity` may read what is recorded of an instance that is gone: administrators of its very
 * project and of the platform may. @throws PlatformError (by its function) `management_unavailable`
 */
export function goneAccess(deps: Deps, identity: Identity): (record: RecordTarget) => Promise<boolean> {
  const uidAt = presentUids(deps);
  return async (record) => {
    if (await deps.review.allows(identity, administratorAction)) return true;
    const { projectUid } = record;
    return (
      projectUid !== undefined && projectUid === (await administeredProject(deps, identity, record, uidAt))
    );
  };
}

/**
 * uid of the project, for callers with every right on everything of the kind in it: to them its records are visible, also those of
 * what is gone. @throws PlatformError `management_unavailable`
 */
export async function administeredProject(
  { review }: Pick<Deps, 'review'>,
  identity: Identity,
  { kind, project }: Pick<OperationSubject, 'kind' | 'project'>,
  uidAt: PresentUids,
): Promise<string | undefined> {
  if (project === '') return undefined;
  const everything = { verb: '*', resource: targetNames[kind].plural, namespace: projectNamespace(project) };
  return (await review.allows(identity, everything)) ? uidAt(`projects/${project}`) : undefined;
}

async function readUid(deps: Pick<Deps, 'managementJson'>, path: string): Promise<string | undefined> {
  const answer = await deps.managementJson(readerIdentity, { method: 'GET', path });
  if (answer.status === 404) return undefined;
  if (answer.status === 200)
    return (answer.body as { metadata?: { uid?: string } } | undefined)?.metadata?.uid;
  throw new PlatformError('management_unavailable', 'the management API is unreachable; try again', {
    cause: new Error(statusMessage(answer)),
  });
}
