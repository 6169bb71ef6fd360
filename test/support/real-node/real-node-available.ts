import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { presentProgram } from '../../../toolchain/find-program.ts';
import { realNodeParts } from '../../../toolchain/parts.ts';

/** Debian packages of what a node needs beside the toolchain, by program. */
const packages = {
  runc: 'runc',
  busybox: 'busybox-static',
  iptables: 'iptables',
  ip: 'iproute2',
  unshare: 'util-linux',
  setpriv: 'util-linux',
};

/** Path of one of the programs that come from the system, or undefined. */
export function systemProgram(name: keyof typeof packages): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Why no real node can be run on this machine, whatever were installed; undefined if one can. */
export function machineRefusal(): string | undefined {
  if (process.platform !== 'linux') return 'a real node needs Linux';
  if (process.getuid?.() !== 0) return 'a real node needs root';
  if (!existsSync('/sys/fs/cgroup/memory') && !existsSync('/sys/fs/cgroup/cgroup.controllers'))
    return 'a real node needs cgroups under /sys/fs/cgroup';
  const cgroups = existsSync('/sys/fs/cgroup/memory') ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
  if (!isWritable(cgroups)) return 'a real node needs cgroups that it may make, and these are read-only';
  if (!readFileSync('/proc/filesystems', 'utf8').includes('\toverlay')) return 'the kernel has no overlayfs';
  return undefined;
}

/** Why no namespaces can be made here (root in a container often may not); undefined if they can. */
export function namespaceRefusal(): string | undefined {
  const trial = 'mount --make-rshared / && mount -t tmpfs tmpfs /run && ip link set lo up';
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc'];
  const { status, stderr } = spawnSync('unshare', [...namespaces, 'sh', '-c', trial], { encoding: 'utf8' });
  return status === 0
    ? undefined
    : `no namespaces can be made here: ${stderr?.trim() ?? 'there is no unshare'}`;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian packages that a real node needs and this machine lacks. */
export function missingPackages(): string[] {
  const names = Object.keys(packages) as (keyof typeof packages)[];
  return [
    ...new Set(names.filter((name) => systemProgram(name) === undefined).map((name) => packages[name])),
  ];
}

/** Why this process cannot start a real node, for `{ skip }` of a suite; undefined if it can. */
export function realNodeAvailable(): string | undefined {
  const refusal = machineRefusal();
  if (refusal !== undefined) return refusal;
  const missing = missingPackages();
  if (missing.length > 0) return `a real node needs Debian's ${missing.join(', ')}: apt-get install them`;
  const unbuilt = realNodeParts.filter((part) =>
    part.programs.some((program) => presentProgram(part, program) === undefined),
  );
  if (unbuilt.length > 0) {
    const names = unbuilt.map(({ name }) => name).join(', ');
    return `${names} not built: "node scripts/run.mjs toolchain/main.ts real-node" builds them`;
  }
  if (process.env['VCP_SANDBOX'] === undefined || reachesOtherMachines())
    return 'a real node runs only in namespaces of its own: "npm test -- test/real-node/" makes them';
  return undefined;
}

/** Whether a packet could leave this network namespace: an interface that nobody here made is in it. */
function reachesOtherMachines(): boolean {
  const interfaces = [...readFileSync('/proc/net/dev', 'utf8').matchAll(/^\s*(\S+):/gm)].map(
    (match) => match[1] ?? '',
  );
  return interfaces.some(
    (name) => !/^(lo|vcp-.*|veth.*|tunl0|sit0|ip6tnl0|gre0|gretap0|erspan0)$/.test(name),
  );
}
