import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import type { Logger } from '../adapters/logging.ts';

/** Tells users of a pod what happens to it, as events of the pod. */
export interface PodEvents {
  /** The same reason and message within five minutes is reported once. */
  warn(pod: V1Pod, reason: string, message: string): void;
}

const repeatMs = 5 * 60_000;

export function createPodEvents(client: ClusterClient, nodeName: string, logger: Logger): PodEvents {
  const reported = new Map<string, number>();
  return {
    warn(pod, reason, message) {
      const now = Date.now();
      const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
      const key = `${uid} ${reason} ${message}`;
      for (const [other, at] of reported) if (now - at > repeatMs) reported.delete(other);
      if (reported.has(key)) return;
      reported.set(key, now);
      const body: CoreV1Event = {
        metadata: { name: `${name}.${now.toString(16)}${reported.size.toString(16)}`, namespace },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
        reason,
        message: message.slice(0, 1024),
        type: 'Warning',
        source: { component: 'process-node', host: nodeName },
        reportingComponent: 'vcluster-platform.io/process-node',
        reportingInstance: nodeName,
        firstTimestamp: new Date(now),
        lastTimestamp: new Date(now),
        count: 1,
      };
      client.core.createNamespacedEvent({ namespace, body }).catch((error: unknown) => {
        logger.debug({ err: error, pod: `${namespace}/${name}`, reason }, 'failed to write event');
      });
    },
  };
}
