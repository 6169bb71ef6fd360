import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';

/** A connected cluster and a namespace there, as far as they are known. */
export interface KnownPlace {
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
}

/**
 * Where the platform placed the instance (`status.clusterRef`), and before that where its spec asks to be. Earlier
 * versions wrote to the spec where they had placed it. It proves nothing about the namespace: see `deployedPlace`.
 */
export function knownPlace({ spec, status }: Pick<ManagedInstance, 'spec' | 'status'>): KnownPlace {
  const placed = status?.clusterRef;
  const asked = spec?.clusterRef;
  return {
    cluster: placed?.cluster || asked?.cluster || undefined,
    namespace: placed?.namespace || asked?.namespace || undefined,
  };
}
