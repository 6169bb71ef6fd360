import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../../toolchain/find-program.ts';

/** Addresses of a real node, all inside the network namespace of the tests. */
export const nodeNetwork = {
  nodeAddress: '10.243.0.1',
  podRange: '10.244.0.0/24',
  serviceRange: '10.96.0.0/16',
  /** First of `serviceRange`: the Service `kubernetes`. */
  apiServerAddress: '10.96.0.1',
} as const;

const bridges = { node: 'vcp-node', services: 'vcp-services', pods: 'vcp-pods' };

/**
 * Makes the node's own address and a local route for the Service range. Without that route a packet to a Service
 * would be refused before kube-proxy's rules see it, or, where there is a default route, leave by it.
 */
export function createNodeNetwork(): void {
  addBridge(bridges.node, `${nodeNetwork.nodeAddress}/32`);
  addBridge(bridges.services, '10.96.255.254/16');
  for (const setting of ['net/ipv4/ip_forward', 'net/bridge/bridge-nf-call-iptables'])
    writeFileSync(join('/proc/sys', setting), '1');
}

/** Removes what `createNodeNetwork`, CNI and kube-proxy made; the namespace holds no other bridge and no other rule. */
export function removeNodeNetwork(): void {
  const known = readFileSync('/proc/net/dev', 'utf8');
  for (const name of Object.values(bridges)) if (known.includes(`${name}:`)) ip('link', 'delete', name);
  for (const table of ['filter', 'nat', 'mangle']) {
    for (const step of ['-F', '-X']) execFileSync('iptables', ['-t', table, step]);
  }
}

/**
 * Writes the configuration of pods' network into `dir`.
 * @returns its folder, and the folder of its programs under the names that CNI wants
 */
export function podNetworkFiles(dir: string) {
  const plugin = {
    type: 'bridge',
    bridge: bridges.pods,
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir: join(dir, 'addresses'),
      ranges: [[{ subnet: nodeNetwork.podRange }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  const list = { cniVersion: '1.0.0', name: 'pods', plugins: [plugin] };
  return {
    configDir: join(dir, 'cni'),
    file: { path: join(dir, 'cni', '10-pods.conflist'), content: JSON.stringify(list) },
    binDir: join(findProgram('cni-bridge'), '..'),
  };
}

function addBridge(name: string, address: string): void {
  ip('link', 'add', name, 'type', 'bridge');
  ip('address', 'add', address, 'dev', name);
  ip('link', 'set', name, 'up');
}

function ip(...args: string[]): void {
  execFileSync('ip', args);
}
