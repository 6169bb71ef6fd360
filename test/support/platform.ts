import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Agent, request } from 'undici';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { isFinal } from '../../contracts/operations.ts';
import type { AdminFile } from '../../local/bootstrap/administrator.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { type ApiDocument, checkDocumented } from './documented-answer.ts';
import { eventually } from './eventually.ts';

const root = join(import.meta.dirname, '../..');

/** Path of the instances of project `default` on the gateway. */
export const instancesPath =
  '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/virtualclusterinstances';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A whole embedded platform in a process of its own, as `npm start` runs it. */
export interface TestPlatform {
  readonly stateDir: string;
  readonly port: number;
  readonly supervisor: ChildProcess;
  readonly startupMs: number;
  /** All that the supervisor printed. */
  output(): string;
  admin(): AdminFile;
  /** Calls the gateway; the administrator's key unless `key` says otherwise (`null`: none). */
  call(
    method: string,
    path: string,
    body?: unknown,
    options?: { key?: string | null; headers?: Record<string, string> },
  ): Promise<Answer>;
  vcp(...args: string[]): Promise<CommandResult>;
  /** kubectl against the management API. */
  kubectl(...args: string[]): Promise<CommandResult>;
  /** Creates the instance in project `default`; its spec by default is template `default`. */
  apply(name: string, spec?: Record<string, unknown>): Promise<void>;
  /** Its operations, the newest first. */
  all(name: string): Promise<Operation[]>;
  /** The newest operation of this type, once there is one. */
  first(name: string, type: OperationType): Promise<Operation>;
  submit(name: string, body: OperationRequest, headers?: Record<string, string>): Promise<Operation>;
  operation(id: string): Promise<Operation>;
  /** The operation in its end state. */
  ended(id: string, timeoutMs?: number): Promise<Operation>;
  /** Recorded processes of the platform by name. */
  processes(): Record<string, { pid: number }>;
  /** SIGTERM to the supervisor, and its exit code. */
  stop(): Promise<number | null>;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number; cwd?: string } = {},
): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  const child = execFile(
    command,
    args,
    {
      env: options.env ?? process.env,
      maxBuffer: 64 * 1024 * 1024,
      timeout: options.timeoutMs ?? 120_000,
      cwd: options.cwd ?? root,
    },
    (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    },
  );
  child.stdin?.end(options.input ?? '');
  return promise;
}

/** A new state folder under the system's temporary folder. */
export function newStateDir(): string {
  return mkdtempSync(join(tmpdir(), 'vcp-state-'));
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Starts `npm start`'s entry on `stateDir` and waits until it says it is ready. */
export async function startTestPlatform(
  options: { stateDir?: string; port?: number; args?: string[] } = {},
): Promise<TestPlatform> {
  const stateDir = options.stateDir ?? newStateDir();
  const port = options.port ?? (await freePort());
  const startedAt = performance.now();
  const supervisor = spawn(
    process.execPath,
    [join(root, 'local/main.ts'), '--state-dir', stateDir, '--port', String(port), ...(options.args ?? [])],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let output = '';
  supervisor.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  supervisor.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const admin = () => JSON.parse(readFileSync(join(stateDir, 'admin.json'), 'utf8')) as AdminFile;
  process.once('exit', () => supervisor.kill('SIGTERM')); // of a suite that failed before its end
  let closed = false;
  supervisor.once('close', () => (closed = true));
  const ready = () => /platform is ready/i.test(output);
  try {
    await eventually('the platform is ready', () => ready() || closed, { timeoutMs: 240_000 });
    if (!ready())
      throw new Error(`the supervisor ended with ${supervisor.exitCode ?? supervisor.signalCode}`);
  } catch (error) {
    supervisor.kill('SIGTERM');
    throw new Error(`${String(error)}\n${output}`, { cause: error });
  }
  const startupMs = performance.now() - startedAt;
  const agent = new Agent({ connect: { ca: readFileSync(admin().caFile), timeout: 60_000 }, allowH2: false });

  let document: ApiDocument | undefined;
  const readDocument = async () => {
    const { body } = await request(`${admin().url}/api/v1/openapi.json`, { dispatcher: agent });
    return (await body.json()) as ApiDocument;
  };
  const call: TestPlatform['call'] = async (method, path, body, callOptions = {}) => {
    const key = callOptions.key === undefined ? admin().accessKey : callOptions.key;
    const response = await request(`${admin().url}${path}`, {
      method: method as 'GET',
      dispatcher: agent,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...callOptions.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const contentType = response.headers['content-type'];
    document ??= await readDocument();
    checkDocumented(document, { method, path, status: response.statusCode, contentType, text });
    return {
      status: response.statusCode,
      headers: response.headers,
      text,
      json: <T>() => JSON.parse(text) as T,
    };
  };
  const all = async (name: string) =>
    (await call('GET', `/api/v1/projects/default/virtualclusters/${name}/operations`)).json<{
      items: Operation[];
    }>().items;
  const operation = async (id: string) => {
    const answer = await call('GET', `/api/v1/operations/${id}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json<Operation>();
  };
  const env = { ...process.env, VCP_CONFIG: join(stateDir, 'vcp-config.json') };
  let loggedIn = false;

  return {
    stateDir,
    port,
    supervisor,
    startupMs,
    output: () => output,
    admin,
    call,
    async vcp(...args) {
      if (!loggedIn) {
        await run(process.execPath, ['cli/main.ts', 'login', '--admin-file', join(stateDir, 'admin.json')], {
          env,
        });
        loggedIn = true;
      }
      return run(process.execPath, ['cli/main.ts', ...args], { env, timeoutMs: 300_000 });
    },
    async kubectl(...args) {
      return run(findProgram('kubectl'), ['--kubeconfig', join(stateDir, 'admin.kubeconfig'), ...args]);
    },
    async apply(name, spec = { templateRef: { name: 'default' } }) {
      const answer = await call('POST', instancesPath, {
        apiVersion: 'management.loft.sh/v1',
        kind: 'VirtualClusterInstance',
        metadata: { name, namespace: 'p-default' },
        spec,
      });
      assert.equal(answer.status, 201, answer.text);
    },
    all,
    first: (name, type) =>
      eventually(`${type} of ${name} exists`, async () =>
        (await all(name)).find((operation) => operation.type === type),
      ),
    async submit(name, body, headers = {}) {
      const answer = await call('POST', `/api/v1/projects/default/virtualclusters/${name}/operations`, body, {
        headers,
      });
      if (answer.status !== 202)
        throw new Error(`submit ${body.type} ${name}: ${answer.status} ${answer.text}`);
      return answer.json<Operation>();
    },
    operation,
    async ended(id, timeoutMs = 300_000) {
      return eventually(
        `operation ${id} ends`,
        async () => {
          const now = await operation(id);
          return isFinal(now.state) ? now : undefined;
        },
        { timeoutMs },
      );
    },
    processes: () =>
      JSON.parse(readFileSync(join(stateDir, 'processes.json'), 'utf8')) as Record<string, { pid: number }>,
    async stop() {
      if (isRunning(supervisor)) {
        supervisor.kill('SIGTERM');
        await once(supervisor, 'exit');
      }
      await agent.close();
      return supervisor.exitCode;
    },
  };
}

/** Removes a state folder made by `newStateDir`, with the logs in it. */
export function removeStateDir(stateDir: string): void {
  rmSync(stateDir, { recursive: true, force: true });
}
