import type { V1Job, V1PodSpec } from '@kubernetes/client-node';
import { labels } from '../contracts/names.ts';
import type { TenantHost } from './host-namespaces.ts';

/** What is special about a Job that an operation runs in a host namespace. */
export interface OperationJob {
  readonly host: TenantHost;
  readonly operationId: string;
  readonly name: string;
  /** Seconds that it may run, and that it stays after its end: it is deleted earlier, unless its operation was lost. */
  readonly deadlineSeconds: number;
  readonly keptSeconds: number;
  readonly graceSeconds: number;
  readonly pod: Omit<
    V1PodSpec,
    'restartPolicy' | 'automountServiceAccountToken' | 'enableServiceLinks' | 'terminationGracePeriodSeconds'
  >;
}

/** Labels of what an operation makes in a host namespace. */
export function operationLabels({ owner }: TenantHost, operationId: string): Record<string, string> {
  return {
    [labels.operation]: operationId,
    [labels.project]: owner.project,
    [labels.tenantCluster]: owner.name,
  };
}

/** A Job that runs once, without a token and without the addresses of services. */
export function operationJob(job: OperationJob): V1Job {
  const metadataLabels = operationLabels(job.host, job.operationId);
  return {
    metadata: { name: job.name, namespace: job.host.name, labels: metadataLabels },
    spec: {
      // A Job that failed has said why; the platform decides whether to try again.
      backoffLimit: 0,
      activeDeadlineSeconds: job.deadlineSeconds,
      ttlSecondsAfterFinished: job.keptSeconds,
      template: {
        metadata: { labels: metadataLabels },
        spec: {
          ...job.pod,
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: job.graceSeconds,
        },
      },
    },
  };
}
