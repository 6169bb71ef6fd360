import type { KubernetesObject, V1ConfigMap, V1Container, V1StatefulSet } from '@kubernetes/client-node';

/**
 * Flags that an inline template may set in chart `tenant-control-plane`: they tune. Others name files, addresses and
 * programs; where pods are processes of the platform's own machine, such a flag reads and writes as the platform does.
 */
const tuning: Record<string, RegExp> = {
  etcd: /^(quota-backend-bytes|auto-compaction-(mode|retention)|snapshot-count|max-request-bytes|heartbeat-interval|election-timeout|log-level)$/,
  apiServer:
    /^(v|profiling|feature-gates|runtime-config|(enable|disable)-admission-plugins|max(-mutating)?-requests-inflight|(min-)?request-timeout|goaway-chance|event-ttl|default-watch-cache-size|watch-cache-sizes|service-account-max-token-expiration)$/,
  controllerManager:
    /^(v|profiling|feature-gates|controllers|kube-api-(qps|burst)|concurrent-[a-z-]+-syncs|terminated-pod-gc-threshold|[a-z-]+-sync-period)$/,
  scheduler: /^(v|profiling|feature-gates|kube-api-(qps|burst))$/,
};
const tuningVariables = /^(GOGC|GOMEMLIMIT|GOMAXPROCS)$/;
/** What the chart itself sets. */
const ownVariables = /^(POD_IP|TEMPLATES|KUBECONFIGS)$/;

/**
 * What a rendered chart `tenant-control-plane` sets that only an administrator's template may: flags and variables
 * that do more than tune, and open egress. Read from what Helm rendered, so that values have one reading.
 * @returns names as in the chart's values
 */
export function extraordinarySettings(objects: readonly KubernetesObject[]): string[] {
  return objects.flatMap((object) => {
    if (object.kind === 'ConfigMap') return openEgress(object as V1ConfigMap);
    if (object.kind === 'StatefulSet') return [...flags(object), ...variables(object as V1StatefulSet)];
    return [];
  });
}

function openEgress({ data }: V1ConfigMap): string[] {
  return Object.values(data ?? {}).some((text) => text.includes('Direct')) ? ['apiServer.egress'] : [];
}

/** The chart lists what `extraArgs` holds, as `<component>.<flag>`. */
function flags({ metadata }: KubernetesObject): string[] {
  const listed = metadata?.annotations?.['vcluster-platform.io/extra-args'] ?? '';
  return listed
    .split(' ')
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      const [component = '', flag = ''] = entry.split('.');
      return tuning[component]?.test(flag) === true ? [] : [`${component}.extraArgs.${flag}`];
    });
}

function variables({ spec }: V1StatefulSet): string[] {
  const pod = spec?.template.spec;
  const containers: V1Container[] = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
  return containers.flatMap(({ name, env }) =>
    (env ?? []).flatMap((variable) =>
      tuningVariables.test(variable.name) || ownVariables.test(variable.name)
        ? []
        : [`${name}: env.${variable.name}`],
    ),
  );
}
