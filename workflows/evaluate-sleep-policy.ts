import type { SleepPolicyInput } from '../contracts/workflows.ts';
import { activitiesWith } from './proxies.ts';

/**
 * Patches the sleep annotations of a tenant cluster or space if its schedule wants another state than it has; the change then
 * starts the sleep or wake like anybody's. Started by the Temporal Schedule `sleep-policy/<uid>`; no messages,
 * nothing to undo.
 */
export async function evaluateSleepPolicy(input: SleepPolicyInput): Promise<void> {
  const activities = activitiesWith({ summary: 'Comparing the schedule with the current state' });
  await activities.evaluateSleepPolicy({ tenant: input });
}
