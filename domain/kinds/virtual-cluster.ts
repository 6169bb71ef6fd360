import type { VerbOf } from '../../contracts/kinds.ts';
import { labels } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplate } from '../../contracts/resources/virtual-cluster-template.ts';
import { contentHash } from '../content-hash.ts';
import { deployedPlace } from '../placement/deployed-place.ts';
import { tenantBreach } from '../projects/project-policy.ts';
import { definitionOf, templateAccessOf } from '../access/template-access.ts';
import { defaultTemplate, namesNoTemplate } from '../instance-templates/template-choice.ts';
import { followedHash, followingOf } from '../instance-templates/template-sync.ts';
import { isVersionPattern, resolveTemplate } from '../instance-templates/template-version.ts';
import type { SaidSettings } from '../sleep/sleep-settings.ts';
import { saidByDefinition } from '../sleep/sleep-values.ts';
import { notEnded } from '../lifecycle/lost-pods.ts';
import type { KindDescriptor } from './descriptor.ts';
import { virtualClusterPlans } from './virtual-cluster-plans.ts';

/** Below a definition, inline or in a template. */
const ignoredInDefinition = [
  'apps',
  'charts',
  'objects',
  'spaceTemplate',
  'pro',
  'accessPoint',
  'forwardToken',
  'forwardTokenMode',
  // Charts come from those that the platform was given (ADR 15).
  'helmRelease.chart.repo',
  'helmRelease.chart.username',
  'helmRelease.chart.password',
  'helmRelease.chart.insecureSkipTlsVerify',
  'metadata',
  'instanceTemplate',
];

/** A tenant cluster: a Helm release in its host namespace. */
export const virtualCluster: KindDescriptor<
  VirtualClusterInstance,
  VirtualClusterTemplate,
  VerbOf<'tenant'>
> = {
  plans: virtualClusterPlans,
  conditions: {
    ready: 'VirtualClusterReady',
    synced: 'VirtualClusterSynced',
    deployed: 'VirtualClusterDeployed',
    deletionPending: 'VirtualClusterAutoDeletionPending',
    deletionBlocked: 'VirtualClusterAutoDeletionBlocked',
  },
  subresources: { all: ['accesskey', 'kubeconfig', 'log', 'operations', 'snapshot'], rules: ['kubeconfig'] },
  namespaceLabels: { [labels.managed]: 'true' },
  ignoredFields: [
    'networkPeer',
    'external',
    'standalone',
    'clusterRef.virtualCluster',
    ...ignoredInDefinition.map((field) => `template.${field}`),
  ],
  ignoredInDefinition,
  templateName: ({ spec }) => spec?.templateRef?.name || undefined,
  desiredHash,
  startsControlPlane: true,
  isElsewhere({ spec }) {
    const { external, networkPeer, standalone } = spec ?? {};
    return external === true || networkPeer === true || standalone === true;
  },
  obstacle,
  defaults(instance, project) {
    const name = namesNoTemplate(instance) ? defaultTemplate('tenant', project) : undefined;
    return name === undefined ? undefined : { templateRef: { ...instance.spec?.templateRef, name } };
  },
  deployedPlace,
  breach: tenantBreach,
  hasInlineTemplate: ({ spec }) => spec?.template !== undefined,
  values: (instance, template) => definitionOf(instance, template)?.helmRelease?.values,
  takesParameters: () => true,
  parameters({ spec }, template) {
    const text = spec?.parameters ?? '';
    if (!spec?.templateRef?.name) return { template: { parameters: [], inline: true }, text };
    const resolved = template && resolveTemplate(template, spec.templateRef.version);
    return resolved && { template: { parameters: resolved.parameters, inline: false }, text };
  },
  computed: (instance, isUp) => ({
    clusterRef: { virtualCluster: releaseOf(instance) },
    status: { online: isUp },
  }),
  sleepSaid(instance, template) {
    const definition = definitionOf(instance, template);
    return definition && saidByDefinition(definition, instance.status?.renderedSleep as SaidSettings);
  },
  // One that waits for a node is an object in its store, and stays: in a control plane without a syncer all do.
  podsEndedAsleep: () => ({ path: '/api/v1/pods', fieldSelector: `spec.nodeName!=,${notEnded}` }),
  templateAccess: templateAccessOf,
};

/** Name of its release, by which vCluster Platform's clients call it; until there is one, the name that it will have. */
function releaseOf(instance: VirtualClusterInstance): string {
  return (
    instance.spec?.clusterRef?.virtualCluster || deployedPlace(instance)?.release || instance.metadata.name
  );
}

/** Its template, parameters and, where the reference follows the template (always or once), what it selects now. */
function desiredHash(instance: VirtualClusterInstance, template: VirtualClusterTemplate | undefined): string {
  const { templateRef, template: inline, parameters } = instance.spec ?? {};
  const name = templateRef?.name || undefined;
  const version = templateRef?.version || undefined;
  const selected =
    name === undefined || template === undefined ? undefined : resolveTemplate(template, version);
  // A create that failed for want of its template is tried again once the template is there.
  const isDeployed = instance.status?.observedHash !== undefined;
  const missing = name !== undefined && selected === undefined && !isDeployed ? true : undefined;
  const followed = version !== undefined && isVersionPattern(version) ? selected : undefined;
  const once = followedHash(followingOf(instance), template);
  return contentHash({ name, version, inline, parameters: parameters || undefined, followed, missing, once });
}

/** A template that went away takes nothing from what runs: an instance that follows it stays as it is. */
function obstacle(
  { spec }: VirtualClusterInstance,
  template: VirtualClusterTemplate | undefined,
): string | undefined {
  const { name, version } = spec?.templateRef ?? {};
  if (!name || !version || !isVersionPattern(version)) return undefined;
  if (template === undefined) return `template ${name} not found`;
  return resolveTemplate(template, version) === undefined
    ? `template ${name} does not have a version that ${version.slice(0, 60)} selects`
    : undefined;
}
