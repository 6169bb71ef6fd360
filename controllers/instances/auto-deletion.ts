import { createHash } from 'node:crypto';
import { recordEvent } from '../../adapters/kubernetes/events.ts';
import { instanceResources, resourcePath, type Stored } from '../../adapters/kubernetes/resources.ts';
import type { AuditEvent } from '../../contracts/audit.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import {
  annotations,
  identities,
  managementApiVersion,
  managementGroup,
  projectOfNamespace,
  writers,
} from '../../contracts/names.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import type { AutoDeletionStatus } from '../../contracts/resources/instance-status.ts';
import { type ManagedInstance, resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { addAuditEvent } from '../../db/queries/audit-events.ts';
import { recordedUse } from '../../db/queries/instance-activity.ts';
import { listOpenOperations } from '../../db/queries/operations.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import {
  announcementOf,
  blockedOf,
  type ComingDeletion,
  deletedOf,
  deletionStep,
} from '../../domain/sleep/deletion-due.ts';
import { policyActors } from '../../domain/sleep/inactivity.ts';
import { withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import type { ControllerContext } from '../controller.ts';

type Instance = Stored<ManagedInstance>;

/** What is said of a deletion, beside the status. */
interface Told {
  /** As of the audit log; not a verb of Kubernetes where nothing was done yet. */
  readonly verb: 'announce-delete' | 'delete';
  readonly reason: 'AutoDeletionPending' | 'AutoDeleted';
  readonly message: string;
  /** The same for what is said already. */
  readonly key: string;
}

/** Deletes what nobody uses, by `delete-after`: it is announced first, and the announcement can be stopped for so long. */
export interface AutoDeletion {
  /**
   * Does what is due about deleting an instance. Gives when to look again, in milliseconds since 1970. Writes hold for the version
   * given (409).
   */
  reconcile(kind: ManagedKind, instance: Instance, now: Date): Promise<number>;
}

/** @param ranMs how long the platform has run since this process began */
export function createAutoDeletion(
  {
    client,
    resources,
    operations,
    logger,
    deletionWarningSeconds: warningSeconds,
  }: Pick<ControllerContext, 'client' | 'resources' | 'operations' | 'logger' | 'deletionWarningSeconds'>,
  ranMs: () => number,
): AutoDeletion {
  /** By uid: the warning, how long it had stood when this process saw it first, and how long that had run then. */
  const seen = new Map<
    string,
    { readonly warnedAt: string; readonly stood: number; readonly sinceMs: number }
  >();

  function stoodSeconds({ metadata: { uid }, status }: Instance): number {
    const warning = status?.autoDeletion;
    if (warning === undefined) {
      seen.delete(uid);
      return 0;
    }
    let since = seen.get(uid);
    if (since?.warnedAt !== warning.warnedAt) {
      since = { warnedAt: warning.warnedAt, stood: warning.stoodSeconds, sinceMs: ranMs() };
      seen.set(uid, since);
    }
    return since.stood + (ranMs() - since.sinceMs) / 1000;
  }

  async function record(kind: ManagedKind, { metadata }: Instance, what: Told): Promise<void> {
    const { name, namespace = '', uid } = metadata;
    const { plural } = kindNames[kind];
    const { verb, reason, message } = what;
    const key = contentHash([uid, reason, what.key]);
    const event = { key, type: 'Warning', reason, action: verb, message } as const;
    const regarding = { apiVersion: managementApiVersion, kind: resourceKinds[plural].kind, metadata };
    await recordEvent(client, writers.controllers, regarding, event);
    const audited: AuditEvent = {
      id: uuidOf(key),
      receivedAt: new Date().toISOString(),
      stage: 'complete',
      level: 'Metadata',
      user: identities.controllers,
      method: '-',
      verb,
      pathKind: 'management',
      path: `/kubernetes/management${resourcePath(plural, namespace)}/${name}`,
      project: projectOfNamespace(namespace) ?? '',
      [kindNames[kind].field]: name,
      apiGroup: managementGroup,
      resource: plural,
      namespace,
      name,
      reason: message,
    };
    await operations.database.query((db) => addAuditEvent(db, audited));
  }

  async function announce(
    kind: ManagedKind,
    instance: Instance,
    coming: ComingDeletion,
    warning: AutoDeletionStatus,
  ) {
    const message = announcementOf(coming);
    // Before the status says so: what is counted from then on was said to all.
    await record(kind, instance, {
      verb: 'announce-delete',
      reason: 'AutoDeletionPending',
      message,
      key: warning.warnedAt,
    });
    await say(kind, instance, { pending: message }, warning);
    const { uid } = instance.metadata;
    seen.set(uid, { warnedAt: warning.warnedAt, stood: warning.stoodSeconds, sinceMs: ranMs() });
  }

  async function remove(kind: ManagedKind, instance: Instance, coming: ComingDeletion): Promise<void> {
    const { namespace = '', name, uid, resourceVersion } = instance.metadata;
    const target = { kind, project: projectOfNamespace(namespace) ?? '', name };
    // A snapshot shows in no status; the delete would cancel it.
    const open = await operations.database.query((db) => listOpenOperations(db, target));
    if (open.some((row) => row.uid === uid)) return;
    const api = instanceResources(resources, kind);
    // The gateway that recorded its last use may have ended before it wrote that here.
    const used = await operations.database.query((db) => recordedUse(db, uid));
    const usedAt = Math.floor((used?.getTime() ?? 0) / 1000);
    if (usedAt * 1000 > coming.unusedSince.getTime()) {
      const noted = { [annotations.lastActivity]: String(usedAt) };
      await api.patch({ namespace, name }, { metadata: { resourceVersion, annotations: noted } });
      return;
    }
    const changedBy = { [annotations.changedBy]: policyActors.inactivity };
    const stamped = await api.patch(
      { namespace, name },
      { metadata: { resourceVersion, annotations: changedBy } },
    );
    await api.delete({ namespace, name }, uid, stamped.metadata.resourceVersion);
    seen.delete(uid);
    const message = deletedOf(coming);
    logger.info({ kind, namespace, name, unusedSince: coming.unusedSince }, 'deleting what nobody uses');
    await record(kind, instance, { verb: 'delete', reason: 'AutoDeleted', message, key: uid });
  }

  /** Writes what the two conditions say, and the warning that stands, if they say otherwise. */
  async function say(
    kind: ManagedKind,
    { metadata, status }: Instance,
    { pending, blocked }: { readonly pending?: string; readonly blocked?: string },
    warning: AutoDeletionStatus | undefined,
  ): Promise<void> {
    const { deletionPending, deletionBlocked } = descriptorOf(kind).conditions;
    const before = status?.conditions ?? [];
    const told = [
      [deletionPending, pending, 'Unused'],
      [deletionBlocked, blocked, 'DeletionPrevented'],
    ] as const;
    const now = new Date().toISOString();
    const conditions = told.reduce<readonly Condition[]>(
      (all, [type, message, reason]) =>
        message === undefined
          ? withoutCondition(all, type)
          : withCondition(all, { type, status: 'True', reason, message }, now),
      before,
    );
    if (conditions === before && status?.autoDeletion === warning) return;
    const { namespace = '', name, resourceVersion } = metadata;
    const patch = { conditions, autoDeletion: warning ?? null };
    await instanceResources(resources, kind).patchStatus({ namespace, name }, patch, resourceVersion);
  }

  return {
    async reconcile(kind, instance, now) {
      const stood = stoodSeconds(instance);
      const step = deletionStep(kind, instance, { now, warningSeconds, stoodSeconds: stood });
      const never = Number.POSITIVE_INFINITY;
      switch (step.state) {
        case 'distant':
          await say(kind, instance, {}, undefined);
          return step.nextAt;
        case 'blocked':
          await say(kind, instance, { blocked: blockedOf(step.coming, step.by) }, undefined);
          return never; // what holds it is part of the instance, whose change is a new version
        case 'announce':
          await announce(kind, instance, step.coming, step.warning);
          return never;
        case 'announced': {
          const { noted = instance.status?.autoDeletion, coming } = step;
          await say(kind, instance, { pending: announcementOf(coming) }, noted);
          return step.nextAt;
        }
        case 'due':
          await remove(kind, instance, step.coming);
          return now.getTime(); // again at the next sweep, if an operation was in its way
      }
    },
  };
}

/** A UUID that is the same for the same text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
