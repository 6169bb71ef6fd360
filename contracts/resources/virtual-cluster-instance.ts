import { type Static, Type } from 'typebox';
import { operationStates } from '../operations.ts';
import { operationTypes } from '../verbs.ts';
import { Access, InstanceAccessRule, UserOrTeam } from './access.ts';
import { Conditions } from './condition.ts';
import { nameRule } from './name-rule.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, openObject } from './open-object.ts';
import { staysOnceSet } from './stays-once-set.ts';
import { VirtualClusterHelmChart, VirtualClusterTemplateDefinition } from './virtual-cluster-template.ts';

export const instancePhases = ['Pending', 'Ready', 'Sleeping', 'Failed'] as const;
export type InstancePhase = (typeof instancePhases)[number];

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
      staysOnceSet('cluster', 'tenant cluster'),
      staysOnceSet('namespace', 'tenant cluster'),
      staysOnceSet('virtualCluster', 'tenant cluster'),
    ],
  },
);
export type VirtualClusterInstanceSpec = Static<typeof VirtualClusterInstanceSpec>;

export const VirtualClusterInstanceStatus = openObject({
  phase: Type.Optional(Type.Enum(['', ...instancePhases])),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  conditions: Type.Optional(Conditions),
  observedGeneration: Type.Optional(Type.Integer()),
  /** Desired hash (domain/desired-state.ts) that was deployed last; absent: never deployed. */
  observedHash: Type.Optional(Type.String()),
  /** Desired hash of the last attempt that failed, or `sleep:`/`wake:` and the hash: it is not tried again by itself. */
  failedHash: Type.Optional(Type.String()),
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
  virtualClusterObjects: Type.Optional(anyObject()),
  spaceObjects: Type.Optional(anyObject()),
  lastOperation: Type.Optional(
    openObject({
      id: Type.String(),
      type: Type.Enum([...operationTypes]),
      state: Type.Enum([...operationStates]),
    }),
  ),
  sleepModeConfig: Type.Optional(anyObject('Computed in answers of the gateway')),
  canUse: Type.Optional(Type.Boolean()),
  canUpdate: Type.Optional(Type.Boolean()),
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
  { 'x-kubernetes-validations': [nameRule] },
);
export type VirtualClusterInstance = Static<typeof VirtualClusterInstance>;
