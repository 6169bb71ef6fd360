import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { backoffMs } from '../adapters/backoff.ts';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { isConflict, isNotFound } from '../adapters/kubernetes/failures.ts';
import { requestJson } from '../adapters/kubernetes/request.ts';
import type { Logger } from '../adapters/logging.ts';

/** Brings one pod's status to the API: at once when it changed, one request at a time, the latest wins. */
export interface StatusWriter {
  /** @param current the pod as last seen: a status that another client has changed is written again */
  write(status: V1PodStatus, current: V1Pod): void;
  /** Resolves when the API has the latest status, or the pod is gone. */
  flushed(): Promise<void>;
  stop(): void;
}

export function createStatusWriter(client: ClusterClient, pod: V1Pod, logger: Logger): StatusWriter {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  const stopping = new AbortController();
  let wanted = '';
  let written = '';
  /** Version of the pod that our last write made. */
  let version: bigint | undefined;
  /** The pod as the watch brought it last. */
  let seen = pod;
  let writing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    let failures = 0;
    while (wanted !== written && !stopping.signal.aborted) {
      const next = wanted;
      try {
        // The uid keeps the status from a successor of the same name (StatefulSets).
        const body = { metadata: { uid }, status: JSON.parse(next) as V1PodStatus };
        const answer = (await requestJson(client.kubeConfig, {
          method: 'PATCH',
          path,
          body,
          contentType: 'application/strategic-merge-patch+json',
        })) as V1Pod;
        failures = 0;
        version = versionOf(answer);
        // Another client's change may be seen before the answer to the write that it came after.
        written = isChangedSince(version, body.status) ? '' : next;
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) written = next;
        else {
          failures += 1;
          logger.warn({ pod: `${namespace}/${name}`, err: error }, 'failed to write status');
          await delay(backoffMs(failures, 50, 5_000), undefined, { signal: stopping.signal }).catch(
            () => undefined,
          );
        }
      }
    }
    writing = undefined;
  }

  /** While a node does not answer, Kubernetes marks its pods as not ready. */
  const isChangedSince = (ours: bigint, status: V1PodStatus) =>
    versionOf(seen) > ours && summary(seen.status) !== summary(status);

  return {
    write(status, current) {
      wanted = JSON.stringify(status);
      seen = current;
      if (version !== undefined && isChangedSince(version, status)) written = '';
      if (wanted !== written) writing ??= drain();
    },
    flushed: async () => writing,
    stop: () => stopping.abort(),
  };
}

function versionOf(pod: V1Pod): bigint {
  return BigInt(pod.metadata?.resourceVersion ?? 0);
}

function summary(status: V1PodStatus | undefined): string {
  return `${status?.phase} ${status?.conditions?.find((condition) => condition.type === 'Ready')?.status}`;
}
