import type { VerbOf } from '../../contracts/kinds.ts';
import type { SpaceTemplate } from '../../contracts/resources/space-template.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import { contentHash } from '../content-hash.ts';
import { knownPlace } from '../placement/known-place.ts';
import { clusterBreach, templateBreach } from '../projects/project-policy.ts';
import { resolveTemplate } from '../instance-templates/template-version.ts';
import { saidByDefinition } from '../sleep/sleep-values.ts';
import { notEnded } from '../lifecycle/lost-pods.ts';
import type { KindDescriptor } from './descriptor.ts';
import { spacePlans } from './space-plans.ts';

/**
 * A space: one namespace of a connected cluster (ADR 11). Of a template it takes the metadata of the namespace, once, when that
 * is made, and access rules, always (ADR 35); it is not made of an inline one.
 */
export const space: KindDescriptor<SpaceInstance, SpaceTemplate, VerbOf<'space'>> = {
  plans: spacePlans,
  conditions: {
    ready: 'SpaceReady',
    synced: 'SpaceSynced',
    deletionPending: 'SpaceAutoDeletionPending',
    deletionBlocked: 'SpaceAutoDeletionBlocked',
  },
  subresources: { all: ['operations'], rules: ['operations'] },
  // No pod of a space may take over its node; an administrator of the connected cluster may loosen or tighten it. It
  // does not have the label by which the embedded node runs pods: that node isolates nothing.
  namespaceLabels: { 'pod-security.kubernetes.io/enforce': 'baseline' },
  ignoredFields: ['template', 'templateRef.syncOnce'],
  ignoredInDefinition: ['objects', 'charts', 'apps', 'instanceTemplate'],
  templateName: ({ spec }) => spec?.templateRef?.name || undefined,
  /**
   * A space has nothing that an operation would update (its access is reconciled by controllers/spaces/space-access.ts),
   * so a new hash only means that what failed is worth another try. Where it is placed is not in it: earlier versions
   * wrote that there themselves.
   */
  desiredHash({ spec, status }, template) {
    const { clusterRef: _ours, ...asked } = spec ?? {};
    // A create that failed for want of its template is tried again once the template is there.
    const isMissing =
      !!asked.templateRef?.name && template === undefined && status?.observedHash === undefined;
    return contentHash({ ...asked, missing: isMissing ? true : undefined });
  },
  startsControlPlane: false,
  isElsewhere: () => false,
  obstacle: () => undefined,
  defaults: () => undefined,
  deployedPlace({ status }) {
    const { cluster, namespace } = status?.clusterRef ?? {};
    return cluster && namespace ? { cluster, namespace } : undefined;
  },
  breach: (project, instance) =>
    templateBreach('space', project, instance) ?? clusterBreach(project, knownPlace(instance).cluster),
  hasInlineTemplate: () => false,
  values: () => undefined,
  takesParameters: ({ spec }) => !!spec?.templateRef?.name,
  parameters({ spec }, template) {
    if (!spec?.templateRef?.name || template === undefined) return undefined;
    const resolved = resolveTemplate(template, spec.templateRef.version);
    const { parameters = [] } = resolved ?? {};
    return resolved && { template: { parameters, inline: false }, text: spec.parameters ?? '' };
  },
  computed: () => ({ clusterRef: {}, status: {} }),
  sleepSaid({ spec }, template) {
    const resolved = template && resolveTemplate(template, spec?.templateRef?.version);
    return resolved && saidByDefinition(resolved.definition, undefined);
  },
  podsEndedAsleep: (instance) => ({
    path: `/api/v1/namespaces/${knownPlace(instance).namespace}/pods`,
    fieldSelector: notEnded,
  }),
  templateAccess: ({ spec }, template) =>
    template && spec?.templateRef?.name
      ? resolveTemplate(template, spec.templateRef.version)?.definition.access
      : undefined,
};
