import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { helmFailure } from './helm-failures.ts';
import { type HelmOutput, runHelm } from './run-helm.ts';

/** A release and the cluster it is in. */
export interface ReleaseTarget {
  readonly release: string;
  readonly namespace: string;
  /** Path of a kubeconfig of mode 0600. */
  readonly kubeconfig: string;
  /** Name under which Helm's discovery cache is kept. */
  readonly cluster: string;
  readonly signal?: AbortSignal | undefined;
}

export interface TemplateRequest {
  /** Folder of the chart. */
  readonly chart: string;
  /** YAML. */
  readonly values: string;
  readonly release: string;
  readonly namespace: string;
  /** What is being done, for messages; default: "Rendering the chart". */
  readonly what?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Helm {
  /**
   * The chart's manifest, rendered without any cluster under limits of memory, CPU and 5 s: values and charts may
   * be anybody's.
   * @throws PlatformError `invalid_values`, `chart_failed`
   */
  template(request: TemplateRequest): Promise<string>;
  /**
   * Installs or upgrades the release and returns its new revision; waits for nothing. `labels` are kept on the
   * release's Secret.
   * @throws PlatformError `invalid_values`, `chart_failed`, `cluster_unreachable`
   */
  upgrade(
    target: ReleaseTarget,
    request: { chart: string; values: string; labels: Record<string, string> },
  ): Promise<number>;
  /** Goes back to what `revision` installed. @throws PlatformError `chart_failed`, `cluster_unreachable` */
  rollback(target: ReleaseTarget, revision: number): Promise<void>;
  /** Removes the release and its objects; one that is not there is none to remove. @throws PlatformError as `rollback` */
  uninstall(target: ReleaseTarget): Promise<void>;
}

/** How long a run against a cluster may take before it is killed. Helm never waits for readiness, so this is generous. */
export const helmTimeoutMs = 60_000;
const templateTimeoutMs = 5_000;
const templateLimits = { memoryMiB: 256, cpuSeconds: 5 };

/**
 * Helm as a program. Values reach it as files of mode 0600, never as arguments.
 * @param deps.workDir private folder for Helm's homes and for values while it runs
 */
export function createHelm(deps: { binary: string; workDir: string }): Helm {
  const { binary, workDir } = deps;

  async function withValues<T>(values: string, use: (file: string) => Promise<T>): Promise<T> {
    const folder = join(workDir, 'helm', 'values');
    const file = join(folder, `${randomUUID()}.yaml`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, values, { mode: 0o600, flag: 'wx' });
    try {
      return await use(file);
    } finally {
      await rm(file, { force: true });
    }
  }

  function run(target: ReleaseTarget, args: string[]): Promise<HelmOutput> {
    return runHelm({
      binary,
      args: [...args, '--namespace', target.namespace, '--kubeconfig', target.kubeconfig],
      homeDir: join(workDir, 'helm', 'homes', target.cluster),
      timeoutMs: helmTimeoutMs,
      signal: target.signal,
    });
  }

  return {
    template: ({ chart, values, release, namespace, what = 'Rendering the chart', signal }) =>
      withValues(values, async (file) => {
        const output = await runHelm({
          binary,
          args: ['template', release, chart, '--namespace', namespace, '--values', file, '--include-crds'],
          homeDir: join(workDir, 'helm', 'template'),
          timeoutMs: templateTimeoutMs,
          limits: templateLimits,
          signal,
        });
        if (output.exitCode !== 0) throw helmFailure(what, output, values);
        return output.stdout;
      }),

    upgrade: (target, { chart, values, labels }) =>
      withValues(values, async (file) => {
        const output = await run(target, [
          ...['upgrade', target.release, chart, '--install', '--values', file, '--output', 'json'],
          ...[
            '--labels',
            Object.entries(labels)
              .map((entry) => entry.join('='))
              .join(','),
          ],
          // The API server checks what it is given anyway (server-side apply); the document alone costs a download.
          ...[
            '--disable-openapi-validation',
            '--force-conflicts',
            '--server-side=true',
            '--history-max',
            '5',
            '--timeout',
            '45s',
          ],
        ]);
        if (output.exitCode !== 0) throw helmFailure('Installing the chart', output, values);
        return revisionOf(output.stdout);
      }),

    async rollback(target, revision) {
      const output = await run(target, [
        'rollback',
        target.release,
        String(revision),
        '--force-conflicts',
        '--timeout',
        '45s',
      ]);
      if (output.exitCode !== 0) throw helmFailure(`Going back to revision ${revision}`, output);
    },

    async uninstall(target) {
      const output = await run(target, [
        'uninstall',
        target.release,
        '--ignore-not-found',
        '--timeout',
        '45s',
      ]);
      if (output.exitCode !== 0) throw helmFailure('Uninstalling the chart', output);
    },
  };
}

function revisionOf(stdout: string): number {
  const release: unknown = JSON.parse(stdout);
  if (
    typeof release === 'object' &&
    release !== null &&
    'version' in release &&
    typeof release.version === 'number'
  )
    return release.version;
  throw new Error("Helm's answer holds no revision");
}
