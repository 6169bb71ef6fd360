import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '../../contracts/errors.ts';
import { readHelmYaml } from '../../templates/helm-yaml.ts';
import { type CheckedManifest, withCheckedChart } from './checked-chart.ts';
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

/** What a chart may ask about the cluster that it will be installed in. */
export interface ClusterCapabilities {
  /** `v1.36.3` */
  readonly kubeVersion: string;
  /** `apps/v1` and `apps/v1/StatefulSet`. */
  readonly apiVersions: readonly string[];
}

export interface TemplateRequest {
  /** Folder of the chart. */
  readonly chart: string;
  /** YAML. */
  readonly values: string;
  /** YAML that wins over `values`. */
  readonly overlay?: string | undefined;
  /** What `.Capabilities` says; default: what Helm was built with. */
  readonly capabilities?: ClusterCapabilities | undefined;
  /** What `.Release.IsUpgrade` says; default false. */
  readonly isUpgrade?: boolean | undefined;
  readonly release: string;
  readonly namespace: string;
  /** What is being done, for messages; default: "Rendering the chart". */
  readonly what?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A chart's archive on this machine, and what it says of itself. */
export interface ChartArchive {
  readonly name: string;
  readonly version: string;
  /** Of the `.tgz` file. */
  readonly path: string;
}

export interface Helm {
  /**
   * Opens a chart's archive; one given by URL (`https://`, `oci://`) is fetched first.
   * @throws PlatformError `chart_failed` if it is not a chart, `chart_unavailable` if it cannot be fetched
   */
  openArchive(location: string, signal?: AbortSignal): Promise<ChartArchive>;
  /**
   * The chart's manifest, rendered without any cluster under limits of memory, CPU and 5 s: values and charts may
   * be anybody's.
   * @throws PlatformError `invalid_values`, `chart_failed`
   */
  template(request: TemplateRequest): Promise<string>;
  /**
   * Installs or upgrades the release to exactly `manifest` and returns its new revision; waits for nothing. There is
   * no rendering: what Helm gets has no templates and no values. `labels` are kept on the release's Secret; `keep` (5) revisions stay.
   * @throws PlatformError `chart_failed`, `cluster_unreachable`
   */
  upgrade(
    target: ReleaseTarget,
    request: { manifest: CheckedManifest; labels: Record<string, string>; keep?: number },
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
 * @param deps.chartsCaFile authorities that the servers of charts are checked against; default the system's
 */
export function createHelm(deps: {
  binary: string;
  workDir: string;
  chartsCaFile?: string | undefined;
}): Helm {
  const { binary, workDir } = deps;

  async function withValues<T>(
    values: readonly string[],
    use: (files: readonly string[]) => Promise<T>,
  ): Promise<T> {
    const folder = join(workDir, 'helm', 'values');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const texts = values.filter((text) => text !== '');
    const files = texts.map(() => join(folder, `${randomUUID()}.yaml`));
    try {
      for (const [index, file] of files.entries())
        await writeFile(file, texts[index] ?? '', { mode: 0o600, flag: 'wx' });
      return await use(files);
    } finally {
      for (const file of files) await rm(file, { force: true });
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

  /** Path of the archive that a URL gives. Each URL has a folder of its own, so that its one file is the archive. */
  async function pull(url: string, signal: AbortSignal | undefined): Promise<string> {
    const folder = join(workDir, 'helm', 'charts', randomUUID());
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const output = await runHelm({
      binary,
      args: [
        ...['pull', url, '--destination', folder],
        ...(deps.chartsCaFile === undefined ? [] : ['--ca-file', deps.chartsCaFile]),
      ],
      homeDir: join(workDir, 'helm', 'pull'),
      timeoutMs: helmTimeoutMs,
      signal,
    });
    const [file] = await readdir(folder);
    if (output.exitCode !== 0 || file === undefined)
      throw new PlatformError(
        'chart_unavailable',
        `the chart ${withoutCredentials(url)} cannot be fetched at the moment; retrying`,
        { cause: new Error(output.stderr.slice(0, 1000)) },
      );
    return join(folder, file);
  }

  return {
    async openArchive(location, signal) {
      const path = /^(https|oci):\/\//.test(location) ? await pull(location, signal) : location;
      const output = await runHelm({
        binary,
        args: ['show', 'chart', path],
        homeDir: join(workDir, 'helm', 'template'),
        timeoutMs: templateTimeoutMs,
        limits: templateLimits,
        signal,
      });
      if (output.exitCode !== 0)
        throw helmFailure(`opening the chart ${withoutCredentials(location)}`, output);
      const { name, version } = readHelmYaml(output.stdout) as { name: string; version: string };
      return { name, version, path };
    },

    template: ({ chart, release, namespace, what = 'rendering the chart', signal, ...request }) =>
      withValues([request.values, request.overlay ?? ''], async (files) => {
        const { capabilities } = request;
        const output = await runHelm({
          binary,
          args: [
            ...['template', release, chart, '--namespace', namespace, '--include-crds'],
            ...(request.isUpgrade === true ? ['--is-upgrade'] : []),
            ...(capabilities === undefined
              ? []
              : [
                  ...['--kube-version', capabilities.kubeVersion],
                  ...['--api-versions', capabilities.apiVersions.join(',')],
                ]),
            ...files.flatMap((file) => ['--values', file]),
          ],
          homeDir: join(workDir, 'helm', 'template'),
          timeoutMs: templateTimeoutMs,
          limits: templateLimits,
          signal,
        });
        if (output.exitCode !== 0) throw helmFailure(what, output, request.values);
        return output.stdout;
      }),

    upgrade: (target, { manifest, labels, keep = 5 }) =>
      withCheckedChart(join(workDir, 'helm', 'checked'), manifest, async (chart) => {
        const output = await run(target, [
          ...['upgrade', target.release, chart, '--install', '--output', 'json'],
          // Not the values of a revision from before there were checked manifests.
          '--reset-values',
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
            String(keep),
            '--timeout',
            '45s',
          ],
        ]);
        if (output.exitCode !== 0) throw helmFailure('installing the chart', output);
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
      if (output.exitCode !== 0) throw helmFailure(`rolling back to revision ${revision}`, output);
    },

    async uninstall(target) {
      // Helm's --ignore-not-found takes every failure to read the release, forbidden or unreachable, for "not found".
      const output = await run(target, ['uninstall', target.release, '--timeout', '45s']);
      if (output.exitCode !== 0 && /release: not found/.test(output.stderr)) return;
      if (output.exitCode !== 0) throw helmFailure('uninstalling the chart', output);
    },
  };
}

function withoutCredentials(location: string): string {
  return location.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/, '');
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
  throw new Error("Helm's output does not have a revision");
}
