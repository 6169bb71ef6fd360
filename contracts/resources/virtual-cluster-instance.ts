import { type Static, Type } from 'typebox';
import { kindNames } from '../kinds.ts';
import { Access, InstanceAccessRule, UserOrTeam } from './access.ts';
import { DeployedTemplate, instanceOperation, instanceState } from './instance-status.ts';
import { LabelSelector } from './label-selector.ts';
import { nameRule } from './name-rule.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, openObject } from './open-object.ts';
import { staysOncePlaced } from './stays-once-placed.ts';
import { VirtualClusterHelmChart, VirtualClusterTemplateDefinition } from './virtual-cluster-template.ts';

/** Which template, and which of its versions: `1.2.3`, `1.2.X`, `1.X.X`, `x.x.x`. */
export const TemplateRef = openObject({
  name: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  syncOnce: Type.Optional(Type.Boolean()),
});
export type TemplateRef = Static<typeof TemplateRef>;

export const ClusterRef = openObject({
  cluster: Type.Optional(
    Type.String({ maxLength: 63, description: 'Connected cluster; chosen by the platform if left out' }),
  ),
  namespace: Type.Optional(Type.String({ maxLength: 63, description: 'Host namespace in that cluster' })),
  virtualCluster: Type.Optional(
    Type.String({ maxLength: 63, description: 'Name of the release in the host namespace' }),
  ),
});
export type ClusterRef = Static<typeof ClusterRef>;

export const VirtualClusterInstanceSpec = openObject(
  {
    displayName: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    owner: Type.Optional(UserOrTeam),
    templateRef: Type.Optional(TemplateRef),
    template: Type.Optional(VirtualClusterTemplateDefinition),
    clusterRef: Type.Optional(ClusterRef),
    clusterSelector: Type.Optional(LabelSelector),
    parameters: Type.Optional(Type.String({ description: "YAML with the template's parameters" })),
    extraAccessRules: Type.Optional(Type.Array(InstanceAccessRule)),
    access: Type.Optional(Type.Array(Access)),
    networkPeer: Type.Optional(Type.Boolean()),
    external: Type.Optional(Type.Boolean()),
    standalone: Type.Optional(Type.Boolean()),
  },
  {
    rules: [
      {
        rule: "!(has(self.template) && has(self.templateRef) && has(self.templateRef.name) && self.templateRef.name != '')",
        message: 'set either template or templateRef, not both',
      },
    ],
  },
);
export type VirtualClusterInstanceSpec = Static<typeof VirtualClusterInstanceSpec>;

export const VirtualClusterInstanceStatus = openObject({
  ...instanceState,
  kubernetesVersion: Type.Optional(Type.String()),
  serviceUID: Type.Optional(Type.String()),
  deployHash: Type.Optional(Type.String()),
  ignoreReconciliation: Type.Optional(Type.Boolean()),
  /** What was deployed: chart and place, without values (they may hold secrets). */
  virtualCluster: Type.Optional(
    openObject({
      helmRelease: Type.Optional(openObject({ chart: Type.Optional(VirtualClusterHelmChart) })),
      clusterRef: Type.Optional(ClusterRef),
    }),
  ),
  /** Operation that deployed what is deployed. */
  deployedBy: Type.Optional(Type.String()),
  /** What was deployed when the control plane was up last: what was deployed since, while it slept, may not start. */
  lastUp: Type.Optional(
    openObject({
      hash: Type.String(),
      deployedBy: Type.Optional(Type.String()),
      chart: Type.Optional(VirtualClusterHelmChart),
      template: Type.Optional(DeployedTemplate),
    }),
  ),
  /** What its values say of its sleep (SaidSettings), if they are a Go template: written when they were rendered last. */
  renderedSleep: Type.Optional(anyObject()),
  virtualClusterObjects: Type.Optional(anyObject()),
  spaceObjects: Type.Optional(anyObject()),
  ...instanceOperation(kindNames.tenant.verbs),
  online: Type.Optional(Type.Boolean()),
});
export type VirtualClusterInstanceStatus = Static<typeof VirtualClusterInstanceStatus>;

/** A tenant cluster. Namespaced: it lives in its project's namespace. */
export const VirtualClusterInstance = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: ObjectMeta,
    spec: Type.Optional(VirtualClusterInstanceSpec),
    status: Type.Optional(VirtualClusterInstanceStatus),
  },
  {
    'x-kubernetes-validations': [
      nameRule,
      ...(['cluster', 'namespace'] as const).map((field) => staysOncePlaced(field, 'tenant cluster')),
    ],
  },
);
export type VirtualClusterInstance = Static<typeof VirtualClusterInstance>;
