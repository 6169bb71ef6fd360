import { PlatformError } from '../contracts/errors.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';

/** Whether its template is an administrator's rather than an inline one. */
export function isReferenced(instance: VirtualClusterInstance): boolean {
  const name = instance.spec?.templateRef?.name;
  return name !== undefined && name !== '';
}

/** The chart that its control plane was installed from; undefined before the first time. */
export function deployedChart(instance: VirtualClusterInstance): string | undefined {
  return instance.status?.virtualCluster?.helmRelease?.chart?.name;
}

/**
 * A tenant cluster keeps its chart: another one's control plane would start on data that it cannot read.
 * @throws PlatformError `conflict`
 */
export function checkSameChart(instance: VirtualClusterInstance, wanted: string): void {
  const deployed = deployedChart(instance);
  if (deployed !== undefined && deployed !== wanted) {
    throw new PlatformError(
      'conflict',
      `tenant cluster ${instance.metadata.name} uses chart ${deployed} and cannot change to chart ${wanted}; create a new tenant cluster`,
    );
  }
}
