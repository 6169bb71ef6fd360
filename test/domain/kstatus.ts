import type { Condition } from '../../contracts/resources/condition.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';

interface AnyResource {
  readonly metadata: Pick<ObjectMeta, 'deletionTimestamp' | 'generation'>;
  readonly status?:
    | {
        readonly conditions?: readonly Condition[];
        readonly observedGeneration?: number;
      }
    | undefined;
}

/**
 * What `status.Compute` of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus) answers about a custom resource: generic
 * properties first, then condition `Ready`; what says nothing is taken for current.
 */
export function kstatusOf({
  metadata,
  status = {},
}: AnyResource): 'Terminating' | 'InProgress' | 'Failed' | 'Current' {
  const { conditions = [], observedGeneration } = status;
  if (metadata.deletionTimestamp) return 'Terminating';
  if (observedGeneration !== undefined && observedGeneration !== metadata.generation) return 'InProgress';
  for (const { type, status: is } of conditions) {
    if (type === 'Reconciling' && is === 'True') return 'InProgress';
    if (type === 'Stalled' && is === 'True') return 'Failed';
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}
