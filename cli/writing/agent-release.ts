import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure } from '../failures/failure.ts';
import { type AgentPlace, clusterArguments, placeArguments } from '../reading/agent-pod.ts';
import { builtProgram, programOnPath, runProgram } from '../shell/programs.ts';

/** What the caller wants of Helm. */
export interface HelmOptions {
  /** Helm's program. */
  readonly helm?: string | undefined;
  readonly helmChartPath?: string | undefined;
  /** `name=value` */
  readonly helmSet: readonly string[];
  /** Files of YAML. */
  readonly helmValues: readonly string[];
}

/** The agent's Helm release in a cluster. */
export interface AgentRelease {
  /** Looks whether the caller may install there; changes nothing. @throws CommandFailure `cluster_unreachable` */
  check(): Promise<void>;
  /**
   * Installs or upgrades it; waits for nothing.
   * @param values of the chart; they hold the join key, so they go to Helm's standard input
   * @throws CommandFailure `chart_failed`
   */
  install(values: Readonly<Record<string, unknown>>): Promise<void>;
}

const releaseName = 'loft';
const chartName = 'vcluster-platform';

/** @throws CommandFailure `invalid_request` if Helm or the chart is missing */
export function openAgentRelease(place: AgentPlace, options: HelmOptions): AgentRelease {
  const helm = helmProgram(options.helm);
  const chart = options.helmChartPath ?? shippedChart();
  const where = ['--namespace', place.namespace, ...clusterArguments(place, '--kube-context')];
  return {
    async check() {
      const { code, stderr } = await runProgram(helm, ['list', ...where]);
      if (code === 0) return;
      throw new CommandFailure(
        'cluster_unreachable',
        `the cluster of your kubeconfig cannot be used: ${wordsOf(stderr)}`,
        { next: `kubectl get namespaces${placeArguments(place)}` },
      );
    },
    async install(values) {
      const args = [
        ...['upgrade', '--install', releaseName, chart, '--create-namespace', ...where],
        ...options.helmValues.flatMap((file) => ['--values', file]),
        ...['--values', '-'],
        ...options.helmSet.flatMap((setting) => ['--set', setting]),
      ];
      const { code, stderr } = await runProgram(helm, args, JSON.stringify(values));
      if (code !== 0) throw new CommandFailure('chart_failed', wordsOf(stderr));
    },
  };
}

function helmProgram(asked: string | undefined): string {
  const found = asked ?? programOnPath('helm') ?? builtProgram('helm', 'helm');
  if (found !== undefined) return found;
  throw new CommandFailure(
    'invalid_request',
    'helm is not installed: install Helm 3.18 or newer, or name its program with --helm',
  );
}

/** The chart that comes with this command: beside its bundle, or in this repository. */
function shippedChart(): string {
  const places = [
    join(import.meta.dirname, 'charts', chartName),
    join(import.meta.dirname, '..', '..', 'deploy', 'charts', chartName),
  ];
  const found = places.find((place) => existsSync(join(place, 'Chart.yaml')));
  if (found !== undefined) return found;
  throw new CommandFailure(
    'invalid_request',
    `chart ${chartName} is not beside this command: name it with --helm-chart-path`,
  );
}

/** What Helm says went wrong: its last words, without those of its logs. */
function wordsOf(stderr: string): string {
  const at = stderr.lastIndexOf('Error: ');
  const words = (at === -1 ? stderr : stderr.slice(at + 'Error: '.length)).trim();
  return words === '' ? 'Helm does not say why' : words.slice(0, 1_000);
}
