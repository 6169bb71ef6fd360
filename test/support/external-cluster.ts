import { join } from 'node:path';
import { openKubernetesCluster } from '../../local/kubernetes-cluster.ts';
import { leftovers } from '../../local/process-records.ts';
import { startLocalCluster } from '../../local/start-local-cluster.ts';
import { stopOrder } from '../../local/stop-order.ts';
import type { WatchedCluster } from './leftovers.ts';
import { newStateDir, removeStateDir } from './platform.ts';
import { openTestContext } from './platform-context.ts';

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
  const opened = await openTestContext(newStateDir());
  const { state } = opened;
  // The folder that its node allows as hostPath.
  const context = { ...opened, state: { ...state, snapshotsDir: hostPath } };
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
      pids: () => [...leftovers(state.processesFile).values()].map(({ pid }) => pid),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
