import type { Mark } from '../../components/state-badge.tsx';

const good = /^(Running|Ready|Active|Bound|Available|Healthy)$/;
const done = /^(Completed?|Succeeded)$/;
const waiting =
  /^(Pending|ContainerCreating|PodInitializing|Init:\d+\/\d+|Released|Suspended|Terminating|Unknown|.*SchedulingDisabled)$/;
const failed = /(BackOff|Err|Error|Failed|Lost|NotReady|Evicted|OOMKilled|Invalid)/;

/** How a state of Kubernetes looks; undefined for a text that is none that is known. */
export function markOfStatus(status: string): Mark | undefined {
  if (good.test(status)) return 'good';
  if (done.test(status)) return 'done';
  if (waiting.test(status)) return 'waiting';
  return failed.test(status) ? 'failed' : undefined;
}
