import { randomBytes } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { formerSnapshotKey, projectNamespace, snapshotKeyNamespace } from '../../contracts/names.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { callManagement, kubernetesFailure, orUndefined, unlessConflict } from '../kubernetes/failures.ts';
import { requestJson } from '../kubernetes/request.ts';
import { resourcePath } from '../kubernetes/resources.ts';

/** A project, and which one of its name. */
export interface KeyedProject {
  readonly project: string;
  /** Left out or empty: of snapshots from before they had it. */
  readonly uid?: string | undefined;
}

const keyBytes = 32;

/**
 * The key that a project's snapshots are encrypted with, base64: Secret `project-<uid>` of namespace
 * `vcluster-platform-snapshot-keys` in the management API, made at the first call. It outlives the project: without it
 * the project's snapshots are worth nothing.
 * @throws PlatformError `management_unavailable`; `project_not_found` if there is no key and no such project to make one for
 */
export async function getProjectKey(management: ClusterClient, keyed: KeyedProject): Promise<string> {
  const { project, uid } = keyed;
  try {
    if (!uid) return await readOrMake(management, formerPlace(project), randomKey);
    const place = placeOf(uid);
    const kept = await read(management, place);
    if (kept !== undefined) return kept;
    if ((await presentUid(management, project)) !== uid) throw projectNotFound(project);
    return await readOrMake(management, place, () => formerOrNew(management, project));
  } catch (error) {
    throw keyFailure(project, error);
  }
}

/**
 * Takes the key of a project that is about to go out of its namespace, if it is still there and nowhere else.
 * Idempotent. @throws PlatformError `management_unavailable`
 */
export async function keepProjectKey(
  management: ClusterClient,
  { project, uid }: { project: string; uid: string },
): Promise<void> {
  try {
    const former = await read(management, formerPlace(project));
    if (former !== undefined) await readOrMake(management, placeOf(uid), async () => former);
  } catch (error) {
    throw keyFailure(project, error);
  }
}

/** Removes the key of a project that is gone, with its last snapshot. Idempotent. @throws PlatformError `management_unavailable` */
export async function forgetProjectKey(management: ClusterClient, uid: string): Promise<void> {
  await callManagement(
    'deleting the snapshot key of a project',
    orUndefined(management.core.deleteNamespacedSecret(placeOf(uid))),
  );
}

/** uids of the projects that have a key. @throws PlatformError `management_unavailable` */
export async function listKeyedProjects(management: ClusterClient): Promise<string[]> {
  const { items } = await callManagement(
    'listing the snapshot keys of projects',
    management.core.listNamespacedSecret({ namespace: snapshotKeyNamespace }),
  );
  return items.flatMap(({ metadata }) => metadata?.name?.match(/^project-(.+)$/)?.[1] ?? []);
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

function placeOf(uid: string): Place {
  return { namespace: snapshotKeyNamespace, name: `project-${uid}` };
}

/** Where keys were before: in the project's namespace, with which they went. */
function formerPlace(project: string): Place {
  return { namespace: projectNamespace(project), name: formerSnapshotKey };
}

async function formerOrNew(management: ClusterClient, project: string): Promise<string> {
  return (await read(management, formerPlace(project))) ?? randomKey();
}

async function randomKey(): Promise<string> {
  return randomBytes(keyBytes).toString('base64');
}

async function readOrMake(
  management: ClusterClient,
  place: Place,
  make: () => Promise<string>,
): Promise<string> {
  const existing = await read(management, place);
  if (existing !== undefined) return existing;
  const key = await make();
  const { namespace, name } = place;
  const isMade = await unlessConflict(
    management.core.createNamespacedSecret({ namespace, body: { metadata: { name }, data: { key } } }),
  );
  // Another process may have been faster.
  return isMade ? key : checked(await management.core.readNamespacedSecret(place));
}

async function read(management: ClusterClient, place: Place): Promise<string | undefined> {
  const secret = await orUndefined(management.core.readNamespacedSecret(place));
  return secret === undefined ? undefined : checked(secret);
}

async function presentUid({ kubeConfig }: ClusterClient, project: string): Promise<string | undefined> {
  const path = `${resourcePath('projects')}/${encodeURIComponent(project)}`;
  const found = (await orUndefined(requestJson(kubeConfig, { path }))) as
    | { metadata: { uid: string } }
    | undefined;
  return found?.metadata.uid;
}

function checked({ data, metadata }: V1Secret): string {
  const key = data?.['key'];
  if (key === undefined || Buffer.from(key, 'base64').length !== keyBytes)
    throw new PlatformError('internal', `Secret ${metadata?.name} does not have a key of ${keyBytes} bytes`);
  return key;
}

function keyFailure(project: string, error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const what = `reading the snapshot key of project ${project}`;
  const failure = kubernetesFailure(what, error, 'management_unavailable');
  return failure.code === 'not_found' ? projectNotFound(project) : failure;
}

function projectNotFound(project: string): PlatformError {
  return new PlatformError('project_not_found', `project ${project} not found`);
}
