import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { GatewayConfig } from '../../contracts/config.ts';
import { gatewaySpace, nodeProgram } from '../../local/node-program.ts';
import { freePort } from '../../local/ports.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';
import { createUserCall, type UserCall, writeUserKubeconfig } from './user-calls.ts';

/** The gateway in a process of its own, as the platform runs it, before the management API of a fixture. */
export interface GatewayProcess {
  readonly url: string;
  readonly port: number;
  /** Of all its listeners. */
  readonly ports: { readonly gateway: number; readonly connect: number; readonly metrics: number };
  readonly pid: number;
  isRunning(): boolean;
  /** All that it logged. */
  log(): string;
  /** On connections that only this one uses. */
  readonly call: UserCall;
  /** Value of a metric without labels. */
  metric(name: string): Promise<number>;
  /** What its internal listener says of it. */
  ready(): Promise<{ ready: boolean; checks: Record<string, string> }>;
  /** Path of a kubeconfig for `path` below it with the user's key. */
  kubeconfig(user: string, path: string): string;
  openFiles(): number;
  /** Resident memory in MiB. */
  memory(): number;
  /** Sends a signal and gives how it ended. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null; ms: number }>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Ends it if it runs, and removes its files. */
  stop(): Promise<void>;
}

export interface GatewayProcessOptions {
  /** Where it finds the management API instead of its own port: a relay. */
  managementPort?: number;
  config?: Partial<GatewayConfig>;
  /** A program to run it under, e.g. `prlimit`. */
  under?: readonly string[];
  /** Checkout that it is of; default: this one. */
  folder?: string;
  /** Where its log goes instead of a file. */
  logFile?: string;
}

const root = join(import.meta.dirname, '..', '..');

export async function startGatewayProcess(
  fixture: ManagementFixture,
  options: GatewayProcessOptions = {},
): Promise<GatewayProcess> {
  const dir = mkdtempSync(join(fixture.dir, 'process-'));
  const ports = { gateway: await freePort(), connect: await freePort(), metrics: await freePort() };
  const logFile = options.logFile ?? join(dir, 'log');
  const config = join(dir, 'config.json');
  writeFileSync(config, JSON.stringify(configOf(fixture, dir, ports, options)), { mode: 0o600 });
  const url = `https://127.0.0.1:${ports.gateway}`;
  const agent = new Agent({ connect: { ca: readFileSync(fixture.caFile), timeout: 60_000 }, allowH2: false });
  let child: ChildProcess | undefined;

  const start = async () => {
    const { binary, args, env } = nodeProgram(
      [join(options.folder ?? root, 'api/main.ts'), '--config', config],
      gatewaySpace,
    );
    const [command = binary, ...rest] = [...(options.under ?? []), binary, ...args];
    const log = openSync(logFile, 'a', 0o600);
    child = spawn(command, rest, { stdio: ['ignore', 'pipe', log], env: { ...process.env, ...env } });
    closeSync(log);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(
      'the gateway is ready',
      () => {
        if (child?.exitCode !== null) throw new Error(`it exited with ${child?.exitCode}`);
        return output.includes('gateway ready');
      },
      { intervalMs: 20 },
    );
  };
  const end: GatewayProcess['end'] = async (signal) => {
    if (child === undefined) throw new Error('it does not run');
    const startedAt = performance.now();
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    const { exitCode: code, signalCode } = child;
    child = undefined;
    return { code, signal: signalCode, ms: Math.round(performance.now() - startedAt) };
  };
  const pid = () => child?.pid ?? -1;
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await agent.destroy();
    if (child?.exitCode === null && child.signalCode === null) await end('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  await start();
  const started = undo.move();
  return {
    url,
    port: ports.gateway,
    ports,
    isRunning: () => child?.exitCode === null && child.signalCode === null,
    get pid() {
      return pid();
    },
    log: () => readFileSync(logFile, 'utf8'),
    call: createUserCall(url, agent),
    async metric(name) {
      const answer = await request(`http://127.0.0.1:${ports.metrics}/metrics`);
      const text = await answer.body.text();
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    },
    async ready() {
      const answer = await request(`http://127.0.0.1:${ports.metrics}/readyz`);
      return (await answer.body.json()) as never;
    },
    kubeconfig: (user, path) =>
      writeUserKubeconfig(join(dir, `${user}.conf`), fixture.caFile, `${url}${path}`, user),
    openFiles: () => readdirSync(`/proc/${pid()}/fd`).length,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'))?.[1]) / 1024,
    end,
    start,
    stop: () => started.disposeAsync(),
  };
}

function configOf(
  { dir: fixtureDir }: ManagementFixture,
  dir: string,
  ports: { gateway: number; connect: number; metrics: number },
  { managementPort, config }: GatewayProcessOptions,
): GatewayConfig {
  const file = (name: string) => join(fixtureDir, name);
  const managementKubeconfig = join(dir, 'management.conf');
  const text = readFileSync(file('gateway.conf'), 'utf8');
  const relayed = text.replace(/(https:\/\/127\.0\.0\.1:)\d+/g, (all, head: string) =>
    managementPort === undefined ? all : `${head}${managementPort}`,
  );
  writeFileSync(managementKubeconfig, relayed, { mode: 0o600 });
  return {
    databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
    temporal: { address: '127.0.0.1:1', namespace: 'none' },
    managementKubeconfig,
    publicUrl: `https://127.0.0.1:${ports.gateway}`,
    listen: { host: '127.0.0.1', port: ports.gateway },
    tls: { certFile: file('tls.crt'), keyFile: file('tls.key'), caFile: file('ca.crt') },
    metrics: { host: '127.0.0.1', port: ports.metrics },
    connect: { host: '127.0.0.1', port: ports.connect, secretFile: file('secret') },
    ...config,
  };
}
