import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../toolchain/find-program.ts';
import type { WatchedCluster } from '../leftovers.ts';
import { type CommandResult, run } from '../platform.ts';
import { startTcpRelay, type TcpRelay } from '../tcp-relay.ts';
import type { FarClusterReady, FarClusterSettings } from './inside.ts';

/**
 * A Kubernetes cluster behind a firewall: in a network namespace with nothing but its own loopback interface, so that nobody
 * reaches it. It reaches one thing: the gateway, at the address that the gateway has on the machine, by way of `relay`.
 */
export interface FarCluster extends WatchedCluster {
  /** Its folder, of the machine: files in it are seen on both sides. */
  readonly dir: string;
  /** Of its API server, inside. */
  readonly url: string;
  /** The only way out. */
  readonly relay: TcpRelay;
  /** Runs a command inside, with `KUBECONFIG` of the cluster's administrator unless `env` says otherwise. */
  exec(command: string, args: readonly string[], options?: Parameters<typeof run>[2]): Promise<CommandResult>;
  /** kubectl inside, as the cluster's administrator. */
  kubectlInside(...args: string[]): Promise<CommandResult>;
  /** What is run to have `command` run inside. */
  inside(command: string, args: readonly string[]): { readonly command: string; readonly args: string[] };
  /** Stops the cluster and its pods, and removes all that it made. */
  stop(): Promise<void>;
}

const startMs = 120_000;
const stopMs = 60_000;

/**
 * First process in there: reaps what the cluster's processes leave. Mounts are its own for /proc alone; files are those of the
 * machine, the socket of the relay too.
 */
const firstProcess = `ip link set lo up
"$@" & command=$!
trap 'kill -TERM $command' TERM INT
while :; do code=0; wait $command || code=$?; kill -0 $command 2>/dev/null || exit $code; done`;

/** Starts one. Ask `farClusterRefusal` before. @param gatewayPort the only port of the machine that it reaches */
export async function startFarCluster({ gatewayPort }: { gatewayPort: number }): Promise<FarCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-far-'));
  chmodSync(dir, 0o711);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rmSync(dir, { recursive: true, force: true }));
  const socket = join(dir, 'out.sock');
  const relay = await startTcpRelay(gatewayPort, socket);
  undo.defer(() => relay.stop());
  const settings: FarClusterSettings = { gatewayPort, socket, hostPath: join(dir, 'snapshots') };
  const first = spawnInside(dir, settings);
  undo.defer(() => endFirst(first));
  const ready = await becomesReady(first);
  const insideOf: FarCluster['inside'] = (command, args) => ({
    command: 'nsenter',
    args: [`--net=/proc/${first.pid}/ns/net`, '--', command, ...args],
  });
  const exec: FarCluster['exec'] = (command, args, options = {}) => {
    const there = insideOf(command, args);
    const env = options.env ?? { ...process.env, KUBECONFIG: ready.kubeconfig };
    return run(there.command, there.args, { ...options, env });
  };
  const kubectl = join(dir, 'kubectl');
  const there = insideOf(findProgram('kubectl'), []);
  writeFileSync(kubectl, `#!/bin/sh\nexec ${[there.command, ...there.args].join(' ')} "$@"\n`, {
    mode: 0o755,
  });
  const started = undo.move();
  return {
    dir,
    ...ready,
    kubectl,
    relay,
    exec,
    kubectlInside: (...args) => exec(findProgram('kubectl'), args),
    inside: insideOf,
    stop: () => started.disposeAsync(),
  };
}

function spawnInside(dir: string, settings: FarClusterSettings): ChildProcess {
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount', '--mount-proc'];
  const program = [process.execPath, join(import.meta.dirname, 'inside.ts'), JSON.stringify(settings)];
  return spawn(
    'setpriv', // it ends with us, whatever kills us
    ['--pdeathsig', 'KILL', 'unshare', ...namespaces, 'sh', '-ec', firstProcess, 'sh', ...program],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, TMPDIR: dir } },
  );
}

/** @throws Error if it ends first, or says what failed */
async function becomesReady(first: ChildProcess): Promise<FarClusterReady> {
  const { promise, resolve, reject } = Promise.withResolvers<FarClusterReady>();
  const late = setTimeout(() => reject(new Error('the far cluster did not start in time')), startMs);
  first.once('message', (message: FarClusterReady | { failure: string }) => {
    if ('failure' in message) reject(new Error(`the far cluster failed to start: ${message.failure}`));
    else resolve(message);
  });
  first.once('error', reject);
  first.once('exit', (code, signal) => reject(new Error(`the far cluster ended: ${code ?? signal}`)));
  return promise.finally(() => clearTimeout(late));
}

/** Its pods are stopped first. The end of its first process ends what is left. */
async function endFirst(first: ChildProcess): Promise<void> {
  if (first.exitCode !== null || first.signalCode !== null) return;
  const ended = once(first, 'exit');
  if (first.connected) first.disconnect();
  const late = setTimeout(() => first.kill('SIGKILL'), stopMs);
  await ended.finally(() => clearTimeout(late));
}
