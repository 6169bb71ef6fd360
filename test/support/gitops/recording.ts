import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { findProgram } from '../../../toolchain/find-program.ts';
import { eventually } from '../eventually.ts';
import type { TestPlatform } from '../platform.ts';

/** An object as a watch shows it. */
export interface Shown {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly creationTimestamp: string;
  };
  readonly status?: { readonly phase?: string; readonly observedGeneration?: number };
}

/** All that anybody could have seen of some kinds. */
export interface Recording {
  /** Every version of each object, by its uid. */
  stop(): Promise<Map<string, Shown[]>>;
}

/** Watches kinds of the management API until it is stopped. */
export async function startRecording(platform: TestPlatform, plurals: readonly string[]): Promise<Recording> {
  const lists = await Promise.all(plurals.map((plural) => listed(platform, plural)));
  const watches = lists.map(({ plural, version }) => openWatch(platform, plural, version));
  return {
    async stop() {
      for (const { child } of watches) {
        const isRunning = child.exitCode === null && child.signalCode === null;
        const ended = isRunning ? once(child, 'exit') : undefined;
        child.kill('SIGTERM');
        await ended;
      }
      const events = watches
        .flatMap(({ text }) => text().split('\n').slice(0, -1))
        .map((line) => JSON.parse(line) as { type: string; object: Shown });
      const changed = events.filter(({ type }) => type === 'ADDED' || type === 'MODIFIED');
      const all = [...lists.flatMap(({ items }) => items), ...changed.map(({ object }) => object)];
      return Map.groupBy(all, ({ metadata }) => metadata.uid);
    },
  };
}

const pathOf = (plural: string) => `/apis/management.loft.sh/v1/${plural}`;

/** What there is of a kind, and the version from which a watch goes on. */
async function listed(platform: TestPlatform, plural: string) {
  const answer = await eventually(`${plural} can be listed`, async () => {
    const given = await platform.call('GET', `/kubernetes/management${pathOf(plural)}`);
    return given.status === 503 ? undefined : given;
  });
  assert.equal(answer.status, 200, answer.text);
  const { kind, apiVersion, metadata, items } = answer.json<{
    kind: string;
    apiVersion: string;
    metadata: { resourceVersion: string };
    items: Shown[];
  }>();
  const whole = items.map((item) => ({ ...item, apiVersion, kind: kind.replace(/List$/, '') }));
  return { plural, version: metadata.resourceVersion, items: whole };
}

interface Watch {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  text(): string;
}

function openWatch(platform: TestPlatform, plural: string, version: string): Watch {
  const child = spawn(
    findProgram('kubectl'),
    [
      ...['--kubeconfig', join(platform.stateDir, 'admin.kubeconfig')],
      ...['get', '--raw', `${pathOf(plural)}?watch=1&resourceVersion=${version}`],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, text: () => text };
}
