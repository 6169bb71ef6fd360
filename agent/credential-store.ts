import { readFileSync } from 'node:fs';
import { isConflict, isNotFound } from '../adapters/kubernetes/failures.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import type { ClusterApi } from './cluster-api.ts';

/** What an agent keeps between two starts. */
export interface AgentRecord {
  /** That it was last let in with. */
  readonly credential?: string;
  /** Saved before the platform hears of it: what it joins with, or what follows `credential`. */
  readonly next?: string;
  /** When `credential` took its place, RFC 3339. */
  readonly since?: string;
  /** How many processes of the agent were started. */
  readonly generation: number;
  /** What the platform calls the cluster. */
  readonly cluster?: string;
}

export interface CredentialStore {
  read(): Promise<AgentRecord>;
  /**
   * Writes what `change` makes of what is there now. Of two processes that do it at once one changes what the other wrote.
   * @returns what was written
   */
  update(change: (record: AgentRecord) => AgentRecord): Promise<AgentRecord>;
}

/** In a file of mode 0600, for the one process that uses it at a time. */
export function createFileStore(path: string): CredentialStore {
  const read = (): AgentRecord => {
    try {
      return recordOf(JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<string, unknown>>);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { generation: 0 };
      // Its text would be in the message of a SyntaxError.
      if (error instanceof SyntaxError) throw new Error(`the credential file ${path} is not JSON: delete it`);
      throw error;
    }
  };
  return {
    read: async () => read(),
    async update(change) {
      const record = change(read());
      writePrivateFile(path, `${JSON.stringify(record)}\n`);
      return record;
    },
  };
}

interface Secret {
  metadata?: { name: string; resourceVersion?: string };
  data?: Record<string, string>;
  type?: string;
}

const maxConflicts = 10;

/**
 * In Secret `name` of the agent's namespace, which the chart makes (empty).
 * @throws ApiException, what `fetch` throws: by its functions
 */
export function createSecretStore(api: ClusterApi, namespace: string, name: string): CredentialStore {
  const all = `/api/v1/namespaces/${namespace}/secrets`;
  const path = `${all}/${name}`;
  const readSecret = async (): Promise<Secret | undefined> => {
    try {
      return (await api.request({ path })) as Secret;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  return {
    read: async () => ofSecret(await readSecret()),
    async update(change) {
      for (let conflicts = 0; ; conflicts++) {
        const secret = await readSecret();
        const record = change(ofSecret(secret));
        try {
          if (secret === undefined) {
            const metadata = { name, namespace };
            await api.request({ method: 'POST', path: all, body: { metadata, data: dataOf(record) } });
          } else {
            const data = { ...others(secret.data), ...dataOf(record) };
            await api.request({ method: 'PUT', path, body: { ...secret, data } });
          }
          return record;
        } catch (error) {
          if (!isConflict(error) || conflicts >= maxConflicts) throw error;
        }
      }
    },
  };
}

const fields = ['credential', 'next', 'since', 'generation', 'cluster'] as const;

function recordOf(given: Partial<Record<string, unknown>>): AgentRecord {
  const texts = fields
    .filter((field) => field !== 'generation')
    .flatMap((field) => {
      const value = given[field];
      return typeof value === 'string' && value !== '' ? [[field, value]] : [];
    });
  const generation = Number(given['generation']);
  return {
    ...(Object.fromEntries(texts) as Omit<AgentRecord, 'generation'>),
    generation: Number.isSafeInteger(generation) && generation > 0 ? generation : 0,
  };
}

function ofSecret(secret: Secret | undefined): AgentRecord {
  const data = Object.entries(secret?.data ?? {});
  return recordOf(
    Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')])),
  );
}

function dataOf(record: AgentRecord): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')]),
  );
}

/** What others keep there. */
function others(data: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !fields.some((field) => field === key)));
}
