import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { partVersion } from '../toolchain/parts.ts';
import type { Toolchain } from '../toolchain/toolchain.ts';
import type { ImageTable } from '../node/images.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';

/** Of the images of Kubernetes' servers and of etcd that the programs here stand for. */
export const imageTags = {
  kubernetes: partVersion('kubernetes'),
  etcd: `${partVersion('etcd').slice(1)}-0`,
} as const;

const images = join(import.meta.dirname, '..', 'deploy', 'images');
const [tenantTools, agent] = [join(images, 'tenant-tools'), join(images, 'agent')];

/**
 * Writes the process node's table of images, and for each image a folder of links under `dir` with its programs
 * by the names that the real image has.
 * @returns path of the table
 */
export function writeImages({ dir, toolchain }: { dir: string; toolchain: Toolchain }): string {
  rmSync(dir, { recursive: true, force: true });
  const links = (image: string, programs: Record<string, string>): string => {
    const folder = join(dir, image);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, name));
    return folder;
  };
  const kubernetes = (name: 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'): ImageTable => ({
    [`registry.k8s.io/${name}`]: {
      bin: [links(name, { [name]: toolchain[name] })],
      tags: [imageTags.kubernetes],
    },
  });
  const etcd = { etcd: toolchain.etcd, etcdctl: toolchain.etcdctl, etcdutl: toolchain.etcdutl };
  const table: ImageTable = {
    'registry.k8s.io/etcd': { bin: [links('etcd', etcd)], tags: [imageTags.etcd] },
    ...kubernetes('kube-apiserver'),
    ...kubernetes('kube-controller-manager'),
    ...kubernetes('kube-scheduler'),
    'vcluster-platform/tenant-tools': {
      bin: [links('tenant-tools', { ...etcd, node: process.execPath }), tenantTools, '/bin', '/usr/bin'],
      tags: ['0.1.0'],
    },
    'vcluster-platform/agent': {
      bin: [links('agent', { node: process.execPath }), agent, '/bin', '/usr/bin'],
      tags: [packageJson.version],
    },
    busybox: { bin: ['/bin', '/usr/bin'], tags: ['latest', '1', '1.36', '1.37', 'stable'] },
  };
  const file = `${dir}.json`;
  writePrivateFile(file, JSON.stringify(table, undefined, 2));
  return file;
}
