import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pidsNaming } from './memory.ts';

interface CommandLine {
  readonly program: string;
  readonly argv: readonly string[];
}

/**
 * etcd and kube-apiserver started by hand, with the very command lines that an awake tenant cluster runs with:
 * its flags, keys and programs, on a copy of its folders and another loopback address.
 */
export interface BareControlPlane {
  readonly address: string;
  /** Starts both; they are ready when the API says so. */
  start(): void;
  /** SIGTERM to both, and waits for them. */
  stop(): Promise<void>;
  /** Empties the data folder: the next start is a first one. */
  wipe(): void;
  remove(): void;
}

function commandLineOf(program: string, podUid: string): CommandLine {
  for (const pid of pidsNaming(podUid)) {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    // What a shell became has no path in its command line.
    if (basename(argv[0] ?? '') === program)
      return { program: readlinkSync(`/proc/${pid}/exe`), argv: argv.slice(1) };
  }
  throw new Error(`no ${program} runs for pod ${podUid}`);
}

/**
 * @param tenant a running one: folder of its data, folder of its pod's volumes, its pod's uid (which its command lines
 *   name) and address (which they bind)
 */
export function copyControlPlane(
  tenant: { dataFolder: string; volumesFolder: string; podUid: string; podIP: string },
  address: string,
): BareControlPlane {
  const scratch = mkdtempSync(join(tmpdir(), 'vcp-bare-'));
  const log = openSync(join(scratch, 'log'), 'a');
  const lines = ['etcd', 'kube-apiserver'].map((program) => commandLineOf(program, tenant.podUid));
  const memoryFolder = /\/dev\/shm\/vcp-[0-9a-f]+/.exec(lines.flatMap(({ argv }) => argv).join(' '))?.[0];
  if (memoryFolder === undefined) throw new Error('etcd and kube-apiserver share no socket in memory');
  const folders = [tenant.dataFolder, tenant.volumesFolder, memoryFolder];
  const copies = folders.map((folder, index) => [folder, join(scratch, String(index))] as const);
  const moved = (text: string) =>
    copies.reduce(
      (result, [from, to]) => result.replaceAll(from, to),
      text.replaceAll(tenant.podIP, address),
    );
  for (const [from, to] of copies) {
    if (from === tenant.dataFolder) mkdirSync(to, { recursive: true, mode: 0o700 });
    else
      cpSync(from, to, { recursive: true, dereference: true, filter: (source) => !source.endsWith('.sock') });
  }
  let children: ChildProcess[] = [];
  return {
    address,
    start() {
      children = lines.map(({ program, argv }) =>
        spawn(program, argv.map(moved), { stdio: ['ignore', log, log] }),
      );
    },
    async stop() {
      for (const child of children.toReversed()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      children = [];
    },
    wipe() {
      const data = moved(tenant.dataFolder);
      rmSync(data, { recursive: true, force: true });
      mkdirSync(data, { mode: 0o700 });
    },
    remove() {
      closeSync(log);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
