import type { SummaryFieldOf, VerbOf } from '../../contracts/kinds.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import { contentHash } from '../content-hash.ts';
import { knownPlace } from '../known-place.ts';
import { clusterBreach } from '../project-policy.ts';
import type { KindDescriptor } from './descriptor.ts';
import { spacePlans } from './space-plans.ts';

/** A space: one namespace of a connected cluster (ADR 11). */
export const space: KindDescriptor<SpaceInstance, VerbOf<'space'>, SummaryFieldOf<'space'>> = {
  plans: spacePlans,
  conditions: { ready: 'SpaceReady', synced: 'SpaceSynced' },
  subresources: { all: ['operations'], rules: ['operations'] },
  // No pod of a space may take over its node; an administrator of the connected cluster may loosen or tighten it. It
  // does not have the label by which the embedded node runs pods: that node isolates nothing.
  namespaceLabels: { 'pod-security.kubernetes.io/enforce': 'baseline' },
  ignoredFields: ['templateRef', 'template', 'parameters'],
  templateName: () => undefined,
  /**
   * A space has nothing that an operation would update (its access is reconciled by controllers/spaces/space-access.ts),
   * so a new hash only means that what failed is worth another try. Where it is placed is not in it: earlier versions
   * wrote that there themselves.
   */
  desiredHash({ spec }) {
    const { clusterRef: _ours, ...asked } = spec ?? {};
    return contentHash(asked);
  },
  isElsewhere: () => false,
  obstacle: () => undefined,
  defaults: () => undefined,
  deployedPlace({ status }) {
    const { cluster, namespace } = status?.clusterRef ?? {};
    return cluster && namespace ? { cluster, namespace } : undefined;
  },
  breach: (project, instance) => clusterBreach(project, knownPlace(instance).cluster),
  hasInlineTemplate: () => false,
  values: () => undefined,
  parameters: () => undefined,
  summary: (instance) => ({ namespace: knownPlace(instance).namespace }),
  computed: () => ({ clusterRef: {}, status: {} }),
  templateAccess: () => undefined,
};
