import type { KubernetesObject, V1Secret } from '@kubernetes/client-node';
import { readHelmYaml } from '../../templates/helm-yaml.ts';

/** Standards of Kubernetes (pod-security-admission) that keep a pod from the node it runs on. */
const keepingFromNode = new Set(['baseline', 'restricted']);

/**
 * What the control plane would carry out by itself later, or load into itself: it is not in the manifest that is
 * checked. Each with what it is called in the values.
 */
const secondTurns: readonly (readonly string[])[] = [
  ['experimental', 'deploy', 'host', 'manifests'],
  ['experimental', 'deploy', 'host', 'manifestsTemplate'],
  ['experimental', 'deploy', 'vcluster', 'manifests'],
  ['experimental', 'deploy', 'vcluster', 'manifestsTemplate'],
  ['experimental', 'deploy', 'vcluster', 'helm'],
  ['plugin'],
  ['plugins'],
  ['rbac', 'role', 'extraRules'],
  ['rbac', 'role', 'overwriteRules'],
  ['rbac', 'clusterRole', 'extraRules'],
  ['rbac', 'clusterRole', 'overwriteRules'],
  ['sync', 'toHost', 'customResources'],
  ['sync', 'fromHost', 'customResources'],
];

/**
 * What a rendered chart `vcluster` leaves to the tenant or to a later turn that only an administrator's template may:
 * pods with a way to the connected cluster's nodes, which the chart lets through by default, and settings that the control
 * plane carries out itself. Read from the configuration that it starts with, so that values have one reading.
 * @returns names as in the chart's values
 */
export function extraordinarySettings(objects: readonly KubernetesObject[], release: string): string[] {
  const config = configOf(objects, release);
  if (config === undefined) return ['no readable configuration'];
  const standard = at(config, ['policies', 'podSecurityStandard']);
  return [
    ...(typeof standard === 'string' && keepingFromNode.has(standard)
      ? []
      : ['policies.podSecurityStandard to neither baseline nor restricted']),
    ...secondTurns.filter((path) => isSet(at(config, path))).map((path) => path.join('.')),
  ];
}

/** Of the one Secret that the chart makes for it; others may have been made to look like it. */
function configOf(objects: readonly KubernetesObject[], release: string): unknown {
  const [secret, ...more] = objects.filter(
    ({ kind, metadata }) => kind === 'Secret' && metadata?.name === `vc-config-${release}`,
  ) as V1Secret[];
  const text = secret?.data?.['config.yaml'];
  if (text === undefined || more.length > 0 || secret?.stringData !== undefined) return undefined;
  try {
    return readHelmYaml(Buffer.from(text, 'base64').toString('utf8'));
  } catch {
    return undefined; // what we cannot read, its control plane may
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  );
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  return typeof value === 'object' ? Object.values(value).some(isSet) : true;
}
