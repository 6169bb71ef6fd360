import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { sumMiB } from './memory.ts';

/** Memory of a Node process, KiB. */
export interface HeldMemory {
  /** Objects that are in use, after a collection. */
  readonly heap: number;
  /** Buffers outside of the heap. */
  readonly buffers: number;
  /** Of the process, as the kernel counts it (PSS). */
  readonly process: number;
}

/** Where Node listens for a debugger once it gets SIGUSR1. */
const inspector = 'http://127.0.0.1:9229';

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize?: number;
}

/** What one of our processes holds on to: its inspector is asked for a collection, then for what is left. One process at a time. */
export async function heldMemory(pid: number): Promise<HeldMemory> {
  return withInspector(pid, async (send) => {
    for (let round = 0; round < 3; round += 1) {
      await send('HeapProfiler.collectGarbage');
      await delay(300);
    }
    const { usedSize, backingStorageSize = 0 } = await send<HeapUsage>('Runtime.getHeapUsage');
    return {
      heap: usedSize / 1024,
      buffers: backingStorageSize / 1024,
      process: sumMiB([pid]) * 1024,
    };
  });
}

/** Writes the heap of one of our processes in the form that browsers' developer tools open. */
export async function heapSnapshot(pid: number): Promise<string> {
  return withInspector(pid, async (send, on) => {
    const chunks: string[] = [];
    on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(String(chunk)));
    await send('HeapProfiler.takeHeapSnapshot');
    return chunks.join('');
  });
}

type Send = <T>(method: string, params?: object) => Promise<T>;
type On = (method: string, handler: (params: Record<string, unknown>) => void) => void;

async function withInspector<T>(pid: number, work: (send: Send, on: On) => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGUSR1');
  const url = await eventually('the inspector listens', async () => {
    const answer = await fetch(`${inspector}/json/list`).catch(() => undefined);
    const [target] = ((await answer?.json()) ?? []) as { webSocketDebuggerUrl: string }[];
    return target?.webSocketDebuggerUrl;
  });
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('the inspector does not answer'));
  });
  const waiting = new Map<number, (result: unknown) => void>();
  const handlers = new Map<string, (params: Record<string, unknown>) => void>();
  socket.onmessage = ({ data }) => {
    const { id, method, params, result } = JSON.parse(String(data)) as {
      id?: number;
      method?: string;
      params?: Record<string, unknown>;
      result?: unknown;
    };
    if (id !== undefined) waiting.get(id)?.(result);
    else handlers.get(method ?? '')?.(params ?? {});
  };
  let calls = 0;
  const send = <R>(method: string, params: object = {}): Promise<R> => {
    const id = (calls += 1);
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise<R>((resolve) => waiting.set(id, resolve as (result: unknown) => void));
  };
  try {
    const { result } = await send<{ result: { value: number } }>('Runtime.evaluate', {
      expression: 'process.pid',
    });
    if (result.value !== pid) throw new Error(`${inspector} is of process ${result.value}`);
    return await work(send, (method, handler) => handlers.set(method, handler));
  } finally {
    // It waits for us to hang up.
    await send('Runtime.evaluate', {
      expression: "setTimeout(() => process.getBuiltinModule('inspector').close(), 100) && 0",
    });
    socket.close();
    await eventually(
      'the inspector is closed',
      async () => (await fetch(`${inspector}/json/list`).catch(() => undefined)) === undefined,
    );
  }
}
