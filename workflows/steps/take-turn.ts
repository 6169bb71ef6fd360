import { condition, setHandler } from '@temporalio/workflow';
import { type OperationInput, turnSignal } from '../../contracts/workflows.ts';
import type { TurnAnswer } from '../../activities/operations/turn.ts';
import { databaseActivities } from '../proxies.ts';
import type { Progress } from './progress.ts';

/** Fallback if a signal was lost with its sender. */
const claimAgainAfterMs = 30_000;

/**
 * Waits until the tenant cluster's turn is this operation's; undefined if the operation was ended meanwhile
 * (superseded, say). Claims again at every signal and every 30 s.
 */
export async function takeTurn(
  input: OperationInput,
  progress: Progress,
): Promise<Extract<TurnAnswer, { state: 'claimed' }> | undefined> {
  let signalled = false;
  setHandler(turnSignal, () => {
    signalled = true;
  });
  progress.set('turn', 'running');
  for (;;) {
    signalled = false;
    const claim = await databaseActivities.claimTurn({ operationId: input.operationId });
    if (claim.state === 'ended') return undefined;
    if (claim.state === 'claimed') {
      progress.set('turn', 'succeeded');
      return claim;
    }
    progress.set(
      'turn',
      'running',
      claim.behind ? `Waiting behind ${claim.behind.type} (requested by ${claim.behind.actor})` : 'Waiting',
    );
    const steps = progress.takeChanges();
    if (steps) await databaseActivities.recordSteps(steps);
    await condition(() => signalled, claimAgainAfterMs);
  }
}
