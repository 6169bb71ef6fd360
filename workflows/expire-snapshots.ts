import { callActivity } from './proxies.ts';

/**
 * Removes the snapshots of tenant clusters that have been gone for long. Started each hour by the Temporal Schedule
 * `expire-snapshots`; no messages, nothing to undo.
 */
export async function expireSnapshots(): Promise<void> {
  await callActivity('expireSnapshots', undefined, { summary: 'Snapshots of what is gone' });
}
