import { spawnSync } from 'node:child_process';

/** Why no cluster can be put behind a firewall on this machine, for `{ skip }` of a suite; undefined if one can. */
export function farClusterRefusal(): string | undefined {
  if (process.platform !== 'linux') return 'a network namespace needs Linux';
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount', '--mount-proc'];
  const trial = 'ip link set lo up && nsenter --version && setpriv --version';
  const { status, stderr, error } = spawnSync('unshare', [...namespaces, 'sh', '-ec', trial], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return `no network namespace can be made here: ${error?.message ?? stderr.trim()}`;
}
