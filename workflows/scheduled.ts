import type { SleepPolicyInput } from '../contracts/workflows.ts';
import { activitiesWith } from './proxies.ts';

/**
 * Compares the open operations with Temporal and repairs what a crash or a hand left behind. Started each
 * minute by the Temporal Schedule `reconcile-operations`; no messages, nothing to undo.
 */
export async function reconcileOperations(): Promise<void> {
  await activitiesWith({ summary: 'Reconciling operations with their workflows' }).reconcileOperations();
}

/**
 * Removes the snapshots of tenant clusters that have been gone for long. Started each hour by the Temporal Schedule
 * `expire-snapshots`; no messages, nothing to undo.
 */
export async function expireSnapshots(): Promise<void> {
  await activitiesWith({ summary: 'Deleting expired snapshots' }).expireSnapshots();
}

/**
 * Patches the sleep annotations of a tenant cluster or space if its schedule wants another state than it has; the change then
 * starts the sleep or wake like anybody's. Started by the Temporal Schedule `sleep-policy/<uid>`; no messages,
 * nothing to undo.
 */
export async function evaluateSleepPolicy(input: SleepPolicyInput): Promise<void> {
  const activities = activitiesWith({ summary: 'Comparing the schedule with the current state' });
  await activities.evaluateSleepPolicy({ tenant: input });
}
