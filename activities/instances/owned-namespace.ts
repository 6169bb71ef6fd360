import type { HostNamespaces, OwnedNamespace } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined, unlessConflict } from '../../adapters/kubernetes/failures.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { kindOf } from '../../contracts/kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { ownLabels } from '../../domain/kinds/namespace-labels.ts';
import type { TenantDeps } from '../dependencies.ts';
import type { TemplateMetadata } from '../../contracts/resources/object-meta.ts';
import type { InstanceRef } from '../../contracts/instance-ref.ts';
import { notePlace } from './instance-place.ts';
import { namespaceContents } from './namespace-contents.ts';
import { whatHolds, whyPresent } from './namespace-remains.ts';
import { pollUntil } from '../poll.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

const deadlineMs = 10 * 60_000;
const claimsAtOnce = 500;

/** What the deletion of a namespace began: the volumes of its claims, which go after it. */
export interface NamespaceDeletion {
  readonly volumes: readonly string[];
}

/**
 * Creates the namespace of an instance in its connected cluster, with what a template gives it, and then notes it as its place, in `status.clusterRef`
 * and in our own database: one that never got it has none. Waits, and says so in the step, while Kubernetes still deletes
 * one of the same name. Heartbeats. Idempotent by instance.
 * @throws PlatformError `conflict` if there is one that belongs to something else, or is still there after 10
 *   minutes; `cluster_unreachable`
 */
export async function createOwnedNamespace(
  deps: TenantDeps,
  target: InstanceRef,
  { labels: given, annotations }: TemplateMetadata = {},
): Promise<void> {
  const kind = kindOf(target);
  const own = ownLabels({ kind, project: target.project, name: target.name });
  const metadata = {
    labels: { ...descriptorOf(kind).namespaceLabels, ...given, ...own },
    ...(annotations === undefined ? {} : { annotations }),
  };
  const create = () => deps.hosts.create(target, metadata);
  const created = await withHeartbeat(create);
  const host = 'leaving' in created ? await createOnceGone(create) : created;
  await withHeartbeat(() => notePlace(deps, host));
}

/** Tries again until the namespace that has the name is gone. */
async function createOnceGone(create: () => ReturnType<HostNamespaces['create']>): Promise<OwnedNamespace> {
  let isThere = true;
  const onDeadline = (last: string) =>
    isThere
      ? new PlatformError('conflict', `${last}. What holds it has to be removed there`)
      : new PlatformError('cluster_unreachable', last);
  const { host } = await pollUntil(
    { intervalMs: 100, deadlineMs, onDeadline, tellAfterMs: 500 },
    async () => {
      isThere = false;
      const created = await create();
      if (!('leaving' in created)) return { host: created };
      isThere = true;
      return `Kubernetes still deletes it: ${whyPresent(created.leaving)}`;
    },
  );
  return host;
}

/**
 * Starts the deletion of the owner's namespace; one that is gone or not ours is left alone. Idempotent.
 * @throws PlatformError `cluster_unreachable`, `forbidden`
 */
export async function deleteOwnedNamespace(
  hosts: HostNamespaces,
  owner: InstanceRef,
): Promise<NamespaceDeletion> {
  const host = await hosts.find(owner);
  if (host === undefined) return { volumes: [] };
  const volumes = await claimedVolumes(host);
  const { uid, deletionTimestamp } = host.namespace.metadata ?? {};
  if (deletionTimestamp !== undefined) return { volumes };
  const body = { preconditions: { ...(uid === undefined ? {} : { uid }) } };
  const deletion = orUndefined(host.client.core.deleteNamespace({ name: host.name, body }));
  // A conflict: another of its name has taken its place since it was read.
  await callKubernetes(`deleting namespace ${host.name}`, unlessConflict(deletion));
  return { volumes };
}

/**
 * Waits until nothing of the owner is left, with heartbeats: until its namespace is gone, or empty as {@link namespaceContents} says, and the volumes of its claims are gone. Kubernetes leaves an empty namespace alone for 5 s before it takes it away, and needs nobody
 * for that. A namespace that is not ours is left alone. Idempotent.
 * @param known what {@link deleteOwnedNamespace} found; without it, the claims that are left are asked
 * @throws PlatformError `internal` after 10 minutes
 */
export async function waitUntilNamespaceDeleted(
  hosts: HostNamespaces,
  owner: InstanceRef,
  known?: readonly string[],
): Promise<void> {
  let volumes = known;
  const onDeadline = (last: string) =>
    new PlatformError('internal', `the host namespace was not deleted: ${last}`);
  let host: OwnedNamespace | undefined;
  const explain = async (last: string) => (host === undefined ? last : whatHolds(host));
  const contents = namespaceContents(() => hosts.find(owner));
  await pollUntil({ intervalMs: 100, deadlineMs, onDeadline, explain }, async () => {
    host = await hosts.find(owner);
    if (host !== undefined) {
      volumes ??= await claimedVolumes(host);
      if (!(await contents.areDeleted(host))) return whyPresent(host.namespace);
    }
    const left = await hosts.volumesLeft(owner, volumes ?? []);
    volumes = left;
    if (left.length > 0) return `remaining volumes: ${left.join(', ')}`;
    return host === undefined || !(await contents.areHeld(host)) ? {} : whyPresent(host.namespace);
  });
}

/** Names of the volumes that claims of the namespace are bound to. */
async function claimedVolumes({ client, name: namespace }: OwnedNamespace): Promise<string[]> {
  const volumes: string[] = [];
  let _continue: string | undefined;
  await callKubernetes(`reading the claims of namespace ${namespace}`, async () => {
    do {
      const page = await client.core.listNamespacedPersistentVolumeClaim({
        namespace,
        limit: claimsAtOnce,
        ...(_continue === undefined ? {} : { _continue }),
      });
      volumes.push(...page.items.flatMap(({ spec }) => spec?.volumeName || []));
      _continue = page.metadata?._continue || undefined;
    } while (_continue !== undefined);
  });
  return volumes;
}
