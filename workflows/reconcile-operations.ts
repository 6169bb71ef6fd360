import { activitiesWith } from './proxies.ts';

/**
 * Compares the open operations with Temporal and repairs what a crash or a hand left behind. Started each
 * minute by the Temporal Schedule `reconcile-operations`; no messages, nothing to undo.
 */
export async function reconcileOperations(): Promise<void> {
  await activitiesWith({ summary: 'Reconciling operations with their workflows' }).reconcileOperations();
}
