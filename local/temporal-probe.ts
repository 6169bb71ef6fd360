import { Connection } from '@temporalio/client';
import { temporalConnection, type TemporalServer } from '../adapters/temporal-connection.ts';

/** Whether a Temporal frontend answers there, within two seconds. Rejects or answers false if not. */
export async function answersTemporal(temporal: TemporalServer): Promise<boolean> {
  const connection = Connection.lazy({ ...temporalConnection(temporal), connectTimeout: 2000 });
  try {
    await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.getSystemInfo({}));
    return true;
  } finally {
    await connection.close();
  }
}
