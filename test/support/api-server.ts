import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendSignal } from '../../adapters/processes/identity.ts';
import type { Program } from '../../adapters/processes/program.ts';
import { type RunningProcess, writePrivateFile } from '../../adapters/processes/start-process.ts';
import { openClusterPki } from '../../local/pki.ts';
import { freePort } from '../../local/ports.ts';
import { isApiServerReady } from '../../local/probes.ts';
import { etcd, etcdEndpoint } from '../../local/servers/etcd.ts';
import { kubeApiserver } from '../../local/servers/kube-apiserver.ts';
import { kubeControllerManager } from '../../local/servers/kube-controller-manager.ts';
import { kubeScheduler } from '../../local/servers/kube-scheduler.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { startChild } from './child.ts';

export interface TestApiServer {
  readonly url: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** Kubeconfig text of a member of `system:masters`. */
  readonly adminKubeconfig: string;
  /** Kubeconfig text of a client certificate. */
  kubeconfig(user: string, groups?: string[]): Promise<string>;
  /** Folder of logs and data, removed by `stop`. */
  readonly dir: string;
  /** Kills the kube-apiserver (asked nicely it waits for its watches), runs `meanwhile` (etcd is still there), and starts it again on the same port and data. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Sends the kube-apiserver a signal, to stop it for a while say. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface TestApiServerOptions {
  /** Default false. */
  controllerManager?: boolean;
  /** Default false. */
  scheduler?: boolean;
  /** More names and addresses of its certificate. */
  names?: readonly string[];
  /** More `--flag=value` for the kube-apiserver. */
  extraArgs?: string[];
}

/** A new, empty Kubernetes API: etcd and kube-apiserver with RBAC, in about 3 s; more servers if asked for. */
export async function startApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-api-'));
  const running: RunningProcess[] = [];
  const start = async (name: string, program: Program): Promise<RunningProcess> => {
    const child = await startChild(name, program, join(dir, 'logs', `${name}.log`));
    running.push(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of running.reverse()) await child.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const pki = await openClusterPki(join(dir, 'pki'), 'test', options.names);
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    await start('etcd', etcd({ binary: findProgram('etcd'), dataDir: join(dir, 'etcd'), socketDir: dir }));
    const program = kubeApiserver({
      binary: findProgram('kube-apiserver'),
      port,
      etcdEndpoint: etcdEndpoint({ socketDir: dir }),
      pki: pki.server,
      serviceRange: '127.96.0.0/16',
      extraArgs: options.extraArgs ?? [],
    });
    const adminKubeconfig = await pki.kubeconfig(url, 'test-admin', ['system:masters']);
    const client = await pki.client('test-probe', ['system:masters']);
    const startServer = async () => {
      const child = await start('kube-apiserver', program);
      const probe = { url, certificateAuthority: pki.authority.certificate, client, path: '/readyz' };
      await waitUntil('kube-apiserver', () => isApiServerReady(probe), { process: child });
      return child;
    };
    let apiServer = await startServer();
    const common = async (name: string) => {
      const kubeconfig = join(dir, `${name}.conf`);
      writePrivateFile(kubeconfig, await pki.kubeconfig(url, `system:${name}`));
      return {
        binary: findProgram(name as 'kube-scheduler'),
        port: await freePort(),
        kubeconfig,
        certificatesDir: join(dir, name),
      };
    };
    if (options.controllerManager === true) {
      await start(
        'kube-controller-manager',
        kubeControllerManager({
          ...(await common('kube-controller-manager')),
          serviceAccountKeyFile: pki.server.serviceAccountKeyFile,
          caFile: pki.server.caFile,
          controllers: ['*'],
        }),
      );
    }
    if (options.scheduler === true)
      await start('kube-scheduler', kubeScheduler(await common('kube-scheduler')));
    return {
      url,
      dir,
      certificateAuthority: pki.authority.certificate,
      adminKubeconfig,
      kubeconfig: (user, groups = []) => pki.kubeconfig(url, user, groups),
      restart: async (meanwhile) => {
        sendSignal(apiServer.identity, 'SIGKILL', 'group');
        await apiServer.exited;
        running.splice(running.indexOf(apiServer), 1);
        await meanwhile?.();
        apiServer = await startServer();
      },
      signal: (name) => void sendSignal(apiServer.identity, name, 'group'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
