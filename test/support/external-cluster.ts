import { join } from 'node:path';
import { openKubernetesCluster } from '../../deploy/local/kubernetes-cluster.ts';
import { createProcessRecords, leftovers } from '../../deploy/local/process-records.ts';
import { sendSignal } from '../../deploy/local/processes/identity.ts';
import { openPorts } from '../../deploy/local/remembered-ports.ts';
import { startLocalCluster } from '../../deploy/local/start-local-cluster.ts';
import { openStateFolder } from '../../deploy/local/state-folder.ts';
import { stopOrder } from '../../deploy/local/stop-order.ts';
import { createSupervisor } from '../../deploy/local/supervisor.ts';
import { resolveToolchain } from '../../deploy/toolchain/toolchain.ts';
import type { WatchedCluster } from './leftovers.ts';
import { newStateDir, removeStateDir } from './platform.ts';

/** A cluster with one process node that no platform made; it runs under this test process. */
export interface ExternalCluster extends WatchedCluster {
  readonly url: string;
  /** Text of the kubeconfig of a member of `system:masters`, by client certificate. */
  readonly adminKubeconfig: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** Pids of its servers and its node. */
  pids(): number[];
  stop(): Promise<void>;
}

/** @param hostPath the folder that hostPath volumes of its pods may lie in */
export async function startExternalCluster({ hostPath }: { hostPath: string }): Promise<ExternalCluster> {
  const state = openStateFolder(newStateDir());
  const running = () => [...leftovers(state.processesFile).values()];
  process.once('exit', () => running().forEach((record) => sendSignal(record, 'SIGKILL', 'group')));
  const context = {
    // The folder that its node allows as hostPath.
    state: { ...state, snapshotsDir: hostPath },
    ports: openPorts(join(state.root, 'ports.json')),
    toolchain: await resolveToolchain(),
    supervisor: createSupervisor({
      logsDir: state.logsDir,
      records: createProcessRecords(state.processesFile),
      onEvent: (line) => console.error(line),
    }),
    onProgress: () => undefined,
  };
  const stop = async () => {
    await context.supervisor.stopAll(stopOrder);
    removeStateDir(state.root);
  };
  try {
    const cluster = await openKubernetesCluster(context, 'local');
    await startLocalCluster(context, cluster);
    return {
      url: cluster.url,
      kubeconfig: cluster.adminKubeconfigFile,
      adminKubeconfig: cluster.adminKubeconfig,
      certificateAuthority: cluster.pki.authority.certificate,
      nodeDir: join(state.localDir, 'node'),
      pids: () => running().map(({ pid }) => pid),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
