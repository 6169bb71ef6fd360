import { join } from 'node:path';
import type { Program } from '../../../adapters/processes/program.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { podNetworkFiles } from './network.ts';
import { systemProgram } from './real-node-available.ts';

export function containerdSocket(dir: string): string {
  return join(dir, 'containerd.sock');
}

/** containerd with its CRI service; all it keeps lies in `dir`. `pauseImage` holds each pod's network. */
export function containerd(dir: string, pauseImage: string): Program {
  const configFile = join(dir, 'containerd.toml');
  const network = podNetworkFiles(dir);
  const content = `version = 3
root = '${join(dir, 'root')}'
state = '${join(dir, 'state')}'
[grpc]
  address = '${containerdSocket(dir)}'
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${pauseImage}'
[plugins.'io.containerd.cri.v1.runtime']
  # Lowering it needs CAP_SYS_RESOURCE, which root in a virtual machine of a CI may lack.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['${network.binDir}']
  conf_dir = '${network.configDir}'
[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = 'runc'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  runtime_path = '${findProgram('containerd-shim-runc-v2')}'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '${systemProgram('runc')}'
  SystemdCgroup = false
`;
  return {
    binary: findProgram('containerd'),
    args: ['--config', configFile],
    files: [{ path: configFile, content }, network.file],
  };
}
