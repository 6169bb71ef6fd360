import { recordEvent } from '../../adapters/kubernetes/events.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { managementApiVersion, writers } from '../../contracts/names.ts';
import { type ManagedInstance, resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import type { Notice } from '../../domain/status/notices.ts';
import type { ControllerContext } from '../controller.ts';

/** As many as are remembered: without, each would be written again at each look. */
const remembered = 10_000;

/** Events of instances in the management API, for `kubectl describe`. */
export interface StatusEvents {
  /** Writes them as Events, each once. */
  write(kind: ManagedKind, instance: Stored<ManagedInstance>, notices: readonly Notice[]): Promise<void>;
}

export function createStatusEvents({
  client,
  logger,
}: Pick<ControllerContext, 'client' | 'logger'>): StatusEvents {
  const written = new Set<string>();
  return {
    async write(kind, { metadata: { name, namespace = '', uid } }, notices) {
      const regarding = {
        apiVersion: managementApiVersion,
        kind: resourceKinds[kindNames[kind].plural].kind,
        metadata: { name, namespace, uid },
      };
      for (const { key, reason, message, condition } of notices) {
        if (written.has(key)) continue;
        if (written.size >= remembered) written.clear();
        written.add(key);
        const event = { key, type: 'Warning', reason, action: condition, message } as const;
        await recordEvent(client, writers.controllers, regarding, event).catch((err: unknown) => {
          written.delete(key);
          logger.warn({ err, name, namespace, reason }, 'failed to record an event');
        });
      }
    },
  };
}
