import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../../toolchain/find-program.ts';
import { kubernetesVersion, parts } from '../../../toolchain/parts.ts';
import type { ImageConfig, ImageFiles } from './image-layout.ts';
import { systemProgram } from './real-node-available.ts';

export interface NodeImage {
  readonly name: string;
  readonly files: ImageFiles;
  readonly config?: ImageConfig;
}

export const pauseImage = 'localhost/pause:1';
export const busyboxImage = 'docker.io/library/busybox:1.36';
export const tenantToolsImage = 'docker.io/vcluster-platform/tenant-tools:0.1.0';

const tenantToolsDir = join(import.meta.dirname, '../../../deploy/images/tenant-tools');
const path = 'PATH=/opt/tenant-tools:/usr/local/bin:/usr/bin:/bin';

/** Images that every real node gets: what a pod needs, a shell, and those of chart `tenant-control-plane`. */
export function nodeImages(): NodeImage[] {
  const kubernetes = (['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const).map(
    (name) => ({
      name: `registry.k8s.io/${name}:${kubernetesVersion}`,
      files: { [`/usr/local/bin/${name}`]: findProgram(name) },
      config: { Env: [path] },
    }),
  );
  const etcdVersion = parts.find(({ name }) => name === 'etcd')?.version.slice(1);
  return [
    { name: pauseImage, files: busyboxFiles(), config: { Cmd: ['/bin/sleep', '2147483647'] } },
    { name: busyboxImage, files: busyboxFiles(), config: { Cmd: ['/bin/sh'], Env: [path] } },
    { name: `registry.k8s.io/etcd:${etcdVersion}-0`, files: etcdFiles(), config: { Env: [path] } },
    ...kubernetes,
    tenantTools(),
  ];
}

/** As deploy/images/tenant-tools/Dockerfile makes it. */
function tenantTools(): NodeImage {
  const scripts = readdirSync(tenantToolsDir).filter((name) => !/^(Dockerfile|README\.md)$/.test(name));
  return {
    name: tenantToolsImage,
    files: {
      ...nodeFiles(),
      ...etcdFiles(),
      ...Object.fromEntries(scripts.map((name) => [`/opt/tenant-tools/${name}`, join(tenantToolsDir, name)])),
    },
    config: { Env: [path], User: '10001:10001' },
  };
}

/**
 * As deploy/images/agent/Dockerfile makes it.
 * @param dir what scripts/pack-agent.ts made
 */
export function agentImage(dir: string): NodeImage {
  const files = ['main.mjs', 'agent'].map((name) => [`/opt/agent/${name}`, join(dir, name)]);
  return {
    name: 'docker.io/vcluster-platform/agent:0.1.0',
    files: { ...nodeFiles(), ...Object.fromEntries(files) },
    config: { Env: ['PATH=/opt/agent:/usr/local/bin:/usr/bin:/bin'], User: '10001:10001' },
  };
}

/** In place of image node:24-slim: this machine's Node and C library, and busybox. */
function nodeFiles(): ImageFiles {
  const libraries = [
    ...execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g),
  ];
  return {
    ...busyboxFiles(),
    '/usr/local/bin/node': process.execPath,
    ...Object.fromEntries(libraries.map((match) => [match[1] ?? '', match[1] ?? ''])),
  };
}

function etcdFiles(): ImageFiles {
  const names = ['etcd', 'etcdctl', 'etcdutl'] as const;
  return Object.fromEntries(names.map((name) => [`/usr/local/bin/${name}`, findProgram(name)]));
}

/** Static busybox with a link for each of its programs. */
export function busyboxFiles(): ImageFiles {
  const busybox = systemProgram('busybox') ?? '';
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  const links = applets.filter((name) => name !== 'busybox');
  return {
    '/bin/busybox': busybox,
    ...Object.fromEntries(links.map((name) => [`/bin/${name}`, { linkTo: 'busybox' }])),
    '/usr/bin/env': { linkTo: '/bin/busybox' },
  };
}
