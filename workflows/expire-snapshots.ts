import { activitiesWith } from './proxies.ts';

/**
 * Removes the snapshots of tenant clusters that have been gone for long. Started each hour by the Temporal Schedule
 * `expire-snapshots`; no messages, nothing to undo.
 */
export async function expireSnapshots(): Promise<void> {
  await activitiesWith({ summary: 'Deleting expired snapshots' }).expireSnapshots();
}
