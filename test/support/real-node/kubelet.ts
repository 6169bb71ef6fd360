import { join } from 'node:path';
import type { Program } from '../../../adapters/processes/program.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { containerdSocket } from './containerd.ts';
import { nodeNetwork } from './network.ts';

export interface KubeletOptions {
  /** Folder of containerd; the kubelet's own is made in it. */
  readonly dir: string;
  readonly nodeName: string;
  /** Paths. */
  readonly kubeconfig: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string;
}

/** A kubelet on cgroups of version 1 or 2 that limits nothing and takes commands of the API server alone. */
export function kubelet(options: KubeletOptions): Program {
  const dir = join(options.dir, 'kubelet');
  const configFile = join(dir, 'config.json');
  return {
    binary: findProgram('kubelet'),
    args: [
      `--config=${configFile}`,
      `--kubeconfig=${options.kubeconfig}`,
      `--root-dir=${dir}`,
      `--cert-dir=${join(dir, 'pki')}`,
      `--hostname-override=${options.nodeName}`,
      `--node-ip=${nodeNetwork.nodeAddress}`,
    ],
    files: [{ path: configFile, content: JSON.stringify(configuration(options, dir)) }],
  };
}

function configuration(options: KubeletOptions, dir: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${containerdSocket(options.dir)}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: options.clientCaFile },
    },
    authorization: { mode: 'AlwaysAllow' },
    tlsCertFile: options.certificateFile,
    tlsPrivateKeyFile: options.keyFile,
    address: nodeNetwork.nodeAddress,
    healthzPort: 0,
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    podLogsDir: join(dir, 'pod-logs'),
    volumePluginDir: join(dir, 'volume-plugins'),
    resolvConf: '',
    // The disk and its images are the developer's, not this node's to tidy.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
  };
}
