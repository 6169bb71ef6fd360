import { createHash } from 'node:crypto';
import { unlessConflict } from '../../adapters/kubernetes/failures.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { managementApiVersion, writers } from '../../contracts/names.ts';
import { kstatusConditions } from '../../contracts/resources/condition.ts';
import { type ManagedInstance, resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import type { ControllerContext } from '../controller.ts';

/** As many as are remembered: without, each would be asked for again at each look. */
const remembered = 10_000;
const maxMessage = 1024;

/** Events of instances in the management API, for `kubectl describe`. */
export interface StatusEvents {
  /** Writes what the status asks people to look at as an event, once; nothing if there is nothing. */
  tell(kind: ManagedKind, instance: Stored<ManagedInstance>): Promise<void>;
}

/** Each event has a name that follows from what it says, so that there is one, however often it is written. */
export function createStatusEvents({
  client,
  logger,
}: Pick<ControllerContext, 'client' | 'logger'>): StatusEvents {
  const told = new Set<string>();
  return {
    async tell(kind, { metadata, status }) {
      const { reason, message = '', conditions = [] } = status ?? {};
      if (reason === undefined) return;
      const { name, namespace = '', uid, resourceVersion } = metadata;
      // The same once more is another event.
      const since = conditions.find(({ type }) => type === kstatusConditions.ready)?.lastTransitionTime;
      const key = createHash('sha256')
        .update(JSON.stringify([uid, reason, message, since]))
        .digest('hex');
      if (told.has(key)) return;
      if (told.size >= remembered) told.clear();
      told.add(key);
      const now = new Date();
      const creation = client.core.createNamespacedEvent({
        namespace,
        body: {
          metadata: { name: `${name}.${key.slice(0, 16)}`, namespace },
          involvedObject: {
            apiVersion: managementApiVersion,
            kind: resourceKinds[kindNames[kind].plural].kind,
            name,
            namespace,
            uid,
            resourceVersion,
          },
          type: 'Warning',
          reason,
          message: message.slice(0, maxMessage),
          source: { component: writers.controllers },
          reportingComponent: writers.controllers,
          reportingInstance: writers.controllers,
          firstTimestamp: now,
          lastTimestamp: now,
          count: 1,
        },
      });
      await unlessConflict(creation).catch((err: unknown) => {
        told.delete(key);
        logger.debug({ err, name, reason }, 'failed to write an event');
      });
    },
  };
}
