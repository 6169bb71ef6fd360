import type { V1Container, V1Pod } from '@kubernetes/client-node';
import type { ContainerView } from './container-decisions.ts';
import type { ContainerRun } from './containers/container-run.ts';

/** One container of a pod with all that its worker knows of it. */
export interface PodContainer {
  readonly spec: V1Container;
  readonly kind: ContainerView['kind'];
  /** The latest run. */
  run: ContainerRun | undefined;
  /** The one before. */
  previous: ContainerRun | undefined;
  started: boolean;
  ready: boolean;
  /** Why it does not run, when it should. */
  waiting: { readonly reason: string; readonly message: string } | undefined;
  /** Not before this time (milliseconds since 1970). */
  startAt: number;
  /** Failed attempts to start in a row, without a run. */
  failedStarts: number;
  /** Aborted when the run ends: probes and hooks stop. */
  following: AbortController | undefined;
  /** Set while it is being stopped; `hasten` kills it at once. Times in milliseconds since 1970. */
  stopping: { readonly hasten: AbortController; killAt: number } | undefined;
}

/** The containers of a pod in the order of its spec, init containers first; none has a run yet. */
export function podContainers(pod: V1Pod): PodContainer[] {
  const make = (spec: V1Container, kind: PodContainer['kind']): PodContainer => ({
    spec,
    kind,
    run: undefined,
    previous: undefined,
    started: false,
    ready: false,
    waiting: undefined,
    startAt: 0,
    failedStarts: 0,
    following: undefined,
    stopping: undefined,
  });
  return [
    ...(pod.spec?.initContainers ?? []).map((spec) =>
      make(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init'),
    ),
    ...(pod.spec?.containers ?? []).map((spec) => make(spec, 'main')),
  ];
}

/** What decisions need to know of a container. */
export function viewOf(container: PodContainer, sandbox: number): ContainerView {
  const { run } = container;
  return {
    name: container.spec.name,
    kind: container.kind,
    state: run === undefined ? 'none' : run.exit === undefined ? 'running' : 'exited',
    exitCode: run?.exit?.code ?? 0,
    started: container.started,
    current: run?.start.sandbox === sandbox,
  };
}
