import { setTimeout as delay } from 'node:timers/promises';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { eventually } from '../support/eventually.ts';
import { leftovers, nodeProcesses } from '../support/leftovers.ts';
import { type Answer, newStateDir, startTestPlatform, type TestPlatform } from '../support/platform.ts';
import type { ChaosTarget } from './targets.ts';

/** One platform under chaos: calls are repeated while parts of it are down, and a dead supervisor is started again. */
export interface Fleet {
  readonly stateDir: string;
  platform(): TestPlatform;
  /** Repeats a call while the gateway or something behind it is away (connection failures, 5xx). */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  operation(id: string): Promise<Operation | undefined>;
  /** The operation in its end state, however long parts are away. */
  ended(id: string): Promise<Operation>;
  latest(tenant: string, type: OperationType): Promise<Operation | undefined>;
  kill(target: ChaosTarget): Promise<void>;
  /** Stops the whole platform, and starts it again at `date`. */
  awayUntil(date: Date): Promise<void>;
  /** Processes, namespaces and volumes that belong to nobody. */
  strays(): Promise<string[]>;
  stop(): Promise<void>;
}

const apiTimeoutMs = 120_000;

export async function createFleet(): Promise<Fleet> {
  const stateDir = newStateDir();
  let platform = await startTestPlatform({ stateDir });
  const port = platform.port;

  const call: Fleet['call'] = (method, path, body, headers) =>
    eventually(
      `${method} ${path} is answered`,
      async () => {
        const answer = await platform.call(method, path, body, headers === undefined ? {} : { headers });
        return answer.status >= 500 ? undefined : answer;
      },
      { timeoutMs: apiTimeoutMs },
    );
  const once = async (id: string) => {
    try {
      const answer = await platform.call('GET', `/api/v1/operations/${id}`);
      return answer.status === 200 ? answer.json<Operation>() : undefined;
    } catch {
      return undefined; // the gateway is away: that is the point of this suite
    }
  };

  return {
    stateDir,
    platform: () => platform,
    call,
    operation: once,
    ended: (id) =>
      eventually(
        `operation ${id} ends`,
        async () => {
          const now = await once(id);
          return now !== undefined && isFinal(now.state) ? now : undefined;
        },
        { timeoutMs: 240_000 },
      ),
    async latest(tenant, type) {
      const answer = await call('GET', `/api/v1/projects/default/virtualclusters/${tenant}/operations`);
      if (answer.status !== 200) return undefined;
      return answer.json<{ items: Operation[] }>().items.find((operation) => operation.type === type);
    },
    async kill(target) {
      if (target !== 'supervisor') {
        const pid = platform.processes()[target]?.pid;
        if (pid === undefined)
          throw new Error(
            `processes.json names no ${target}: ${Object.keys(platform.processes()).join(', ')}`,
          );
        process.kill(pid, 'SIGKILL');
        return;
      }
      platform.supervisor.kill('SIGKILL');
      await delay(500);
      platform = await startTestPlatform({ stateDir, port });
    },
    async awayUntil(date) {
      await platform.stop();
      await delay(Math.max(0, date.getTime() - Date.now()));
      platform = await startTestPlatform({ stateDir, port });
    },
    async strays() {
      const nobody = await leftovers(platform, 'default', '');
      return [...nodeProcesses(stateDir), ...nobody.namespaces];
    },
    async stop() {
      await platform.stop();
    },
  };
}
