import { targetNames } from '../contracts/kinds.ts';
import type { OperationPreview } from '../contracts/operation-preview.ts';
import { metBy } from '../db/queries/turns.ts';
import type { OperationRow } from '../db/schema/operations.ts';
import { planOf } from '../domain/kinds/kinds.ts';
import type { OperationsDeps } from './dependencies.ts';
import { judgeSubmission, type OperationSubmission } from './judge-submission.ts';

/**
 * Says what {@link submitOperation} would do with the submission now. It only reads, and locks nothing.
 * @throws PlatformError as `submitOperation`
 */
export async function previewOperation(
  { database }: Pick<OperationsDeps, 'database'>,
  submission: OperationSubmission,
): Promise<OperationPreview> {
  const { type, kind, project, name, uid, parameters = {} } = submission;
  const judged = await database.query((db) => judgeSubmission(db, submission));
  const { steps, expectedMs } = planOf(submission);
  const met = (row: OperationRow) => ({ ...metBy(uid, row), state: row.state });
  const asked = {
    type,
    kind,
    ...(project === '' ? {} : { project }),
    [targetNames[kind].field]: name,
    uid,
    parameters,
    expectedMs,
    steps: steps.map((step) => ({ ...step })),
  };
  if (judged.action === 'join')
    return {
      ...asked,
      outcome: 'joined',
      joins: met(judged.row),
      behind: [],
      supersedes: [],
      cancels: [],
    };
  const { open, supersede, cancel } = judged;
  return {
    ...asked,
    outcome: 'queued',
    behind: open.filter(({ id }) => !supersede.includes(id)).map(met),
    supersedes: open.filter(({ id }) => supersede.includes(id)).map(met),
    cancels: open.filter(({ id }) => cancel.includes(id)).map(met),
  };
}
