import type { KubernetesObject, V1Secret } from '@kubernetes/client-node';
import { parse } from 'yaml';

/** Standards of Kubernetes (pod-security-admission) that keep a pod from the node it runs on. */
const keepingFromNode = new Set(['baseline', 'restricted']);

/**
 * What a rendered chart `vcluster` leaves to the tenant that only an administrator's template may: pods with a way to the
 * connected cluster's nodes, which the chart lets through by default. Read from the configuration that its control
 * plane starts with, so that values have one reading.
 * @returns names as in the chart's values
 */
export function extraordinarySettings(objects: readonly KubernetesObject[]): string[] {
  const config = objects
    .filter(({ kind, metadata }) => kind === 'Secret' && metadata?.name?.startsWith('vc-config-'))
    .map((object) => (object as V1Secret).data?.['config.yaml'] ?? '')
    .map((text) => parse(Buffer.from(text, 'base64').toString('utf8')) as VclusterConfig | null);
  const standard = config[0]?.policies?.podSecurityStandard ?? '';
  return keepingFromNode.has(standard)
    ? []
    : ['policies.podSecurityStandard to neither baseline nor restricted'];
}

interface VclusterConfig {
  policies?: { podSecurityStandard?: string };
}
