import { join } from 'node:path';
import type { PlatformContext } from '../../local/platform-context.ts';
import { createProcessRecords, leftovers } from '../../local/process-records.ts';
import { sendSignal } from '../../adapters/processes/identity.ts';
import { openPorts } from '../../local/ports.ts';
import { openStateFolder } from '../../local/state-folder.ts';
import { createSupervisor } from '../../local/supervisor.ts';
import { resolveToolchain } from '../../toolchain/toolchain.ts';

/** What the parts of the embedded platform start with; its processes do not outlive this test process. */
export async function openTestContext(
  stateDir: string,
  onProgress: (line: string) => void = () => undefined,
): Promise<PlatformContext> {
  const state = openStateFolder(stateDir);
  process.once('exit', () =>
    [...leftovers(state.processesFile).values()].forEach((record) => sendSignal(record, 'SIGKILL', 'group')),
  );
  return {
    state,
    ports: openPorts(join(state.root, 'ports.json')),
    toolchain: await resolveToolchain(),
    supervisor: createSupervisor({
      logsDir: state.logsDir,
      records: createProcessRecords(state.processesFile),
      onEvent: (line) => console.error(line),
    }),
    onProgress,
  };
}
