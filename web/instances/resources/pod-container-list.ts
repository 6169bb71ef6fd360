import type { AnyObject } from '../../server/kubernetes-objects.ts';

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
}

/** A container of a pod. */
interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly isInit: boolean;
  readonly state: ContainerState | undefined;
  readonly restarts: number;
}

interface Declared {
  readonly name: string;
  readonly image?: string;
}
interface Told {
  readonly name: string;
  readonly state?: ContainerState;
  readonly restartCount?: number;
}
interface PodFields {
  readonly spec?: Readonly<
    Record<'containers' | 'initContainers' | 'ephemeralContainers', readonly Declared[] | undefined>
  >;
  readonly status?: Readonly<
    Record<
      'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses',
      readonly Told[] | undefined
    >
  >;
}

/** The containers of a pod: what they are, and what the kubelet tells of them. The first is the main one. */
export function containersOf(pod: AnyObject): PodContainer[] {
  const { spec, status } = pod as unknown as PodFields;
  const told = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const container =
    (isInit: boolean) =>
    ({ name, image = '' }: Declared): PodContainer => {
      const of = told.find((one) => one.name === name);
      return { name, image, isInit, state: of?.state, restarts: of?.restartCount ?? 0 };
    };
  return [
    ...(spec?.containers ?? []).map(container(false)),
    ...(spec?.ephemeralContainers ?? []).map(container(false)),
    ...(spec?.initContainers ?? []).map(container(true)),
  ];
}
