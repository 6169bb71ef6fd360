import { Connection } from '@temporalio/client';

/** Whether a Temporal frontend answers there, within two seconds. Rejects or answers false if not. */
export async function answersTemporal(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address, connectTimeout: 2000 });
  try {
    await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.getSystemInfo({}));
    return true;
  } finally {
    await connection.close();
  }
}
