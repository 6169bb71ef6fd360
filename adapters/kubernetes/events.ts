import type { ClusterClient } from './client.ts';
import { callManagement, unlessConflict } from './failures.ts';
import { requestJson } from './request.ts';

/** Something that people should see when they ask what has happened to an object. */
export interface EventNote {
  /** As part of a name: with the same key it is the same event, written once. */
  readonly key: string;
  readonly type: 'Normal' | 'Warning';
  /** One word, for machines: as a condition's. */
  readonly reason: string;
  /** What was done or tried, one word. */
  readonly action: string;
  readonly message: string;
}

interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly uid?: string };
}

/** The longest that Kubernetes takes. */
const maxNote = 1024;

/**
 * Writes an Event about an object of the management API, as process `writer`; nothing if it is there already. Kubernetes forgets
 * it after an hour.
 * @throws PlatformError `management_unavailable`, `forbidden`
 */
export async function recordEvent(
  { kubeConfig }: Pick<ClusterClient, 'kubeConfig'>,
  writer: string,
  { apiVersion, kind, metadata }: Regarding,
  { key, type, reason, action, message }: EventNote,
): Promise<void> {
  const { namespace = 'default', name, uid } = metadata;
  const body = {
    metadata: { name: `${name}.${key}`, namespace },
    eventTime: `${new Date().toISOString().slice(0, -1)}000Z`, // a MicroTime
    reportingController: writer,
    reportingInstance: writer,
    type,
    reason,
    action,
    note: message.length > maxNote ? `${message.slice(0, maxNote - 1)}…` : message,
    regarding: { apiVersion, kind, namespace, name, uid },
  };
  await callManagement(
    `recording an event of ${name}`,
    unlessConflict(
      requestJson(kubeConfig, {
        method: 'POST',
        path: `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`,
        body,
      }),
    ),
  );
}
