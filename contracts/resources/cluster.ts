import { type Static, Type } from 'typebox';
import { Access, UserOrTeam } from './access.ts';
import { managedKinds } from '../kinds.ts';
import { Conditions } from './condition.ts';
import { ObjectMeta } from './object-meta.ts';
import { anyObject, openObject } from './open-object.ts';

/** One key of a Secret in the management API. */
export const SecretRef = openObject({
  secretName: Type.Optional(Type.String()),
  secretNamespace: Type.Optional(Type.String()),
  key: Type.Optional(Type.String()),
});
export type SecretRef = Static<typeof SecretRef>;

// Exports of vCluster Platform write `config: {}` where no kubeconfig is referred to: that counts as absent.
const exactlyOneMode = {
  rule: "[has(self.config) && has(self.config.secretName) && self.config.secretName != '', has(self.local) && self.local, has(self.networkPeer) && self.networkPeer].filter(set, set).size() == 1",
  message: 'a cluster has exactly one of config (a Secret with its kubeconfig), local and networkPeer',
};

export const ClusterSpec = openObject(
  {
    displayName: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    owner: Type.Optional(UserOrTeam),
    config: Type.Optional(SecretRef),
    local: Type.Optional(Type.Boolean({ description: "The platform's own cluster" })),
    networkPeer: Type.Optional(Type.Boolean({ description: 'An agent connects it' })),
    managementNamespace: Type.Optional(Type.String()),
    unusable: Type.Optional(Type.Boolean({ description: 'No new tenant clusters are placed here' })),
    maxInstances: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Tenant clusters and spaces that may be there; beyond it nothing is placed here',
      }),
    ),
    access: Type.Optional(Type.Array(Access)),
    metrics: Type.Optional(anyObject()),
    opencost: Type.Optional(anyObject()),
    argoCD: Type.Optional(anyObject()),
  },
  { rules: [exactlyOneMode] },
);
export type ClusterSpec = Static<typeof ClusterSpec>;

const clusterPhases = ['Initialized', 'Failed'] as const;

/** A namespace of a connected cluster that the platform made, for something that is not there any more. */
export const UnclaimedNamespace = openObject({
  name: Type.String(),
  kind: Type.Enum([...managedKinds]),
  project: Type.Optional(Type.String()),
  /** Name of the tenant cluster or space, as the namespace has it. */
  subject: Type.Optional(Type.String()),
  uid: Type.Optional(Type.String()),
});
export type UnclaimedNamespace = Static<typeof UnclaimedNamespace>;

export const ClusterStatus = openObject({
  phase: Type.Optional(Type.Enum(['', ...clusterPhases], { description: 'Empty: being initialised' })),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  conditions: Type.Optional(Conditions),
  observedGeneration: Type.Optional(Type.Integer()),
  online: Type.Optional(Type.Boolean()),
  lastSeen: Type.Optional(
    Type.String({ description: 'When it answered last, RFC 3339; up to minutes old while it is online' }),
  ),
  agentVersion: Type.Optional(Type.String()),
  kubernetesVersion: Type.Optional(Type.String()),
  clusterUID: Type.Optional(Type.String({ description: 'Uid of its namespace kube-system' })),
  nodes: Type.Optional(openObject({ ready: Type.Integer(), total: Type.Integer() })),
  tenants: Type.Optional(Type.Integer({ description: 'Tenant clusters and spaces that are placed there' })),
  apiLatencyMs: Type.Optional(
    Type.Number({ description: 'Of a small request to its API server: of its agent, if it has one' }),
  ),
  platformLatencyMs: Type.Optional(
    Type.Number({ description: 'Of a small request of the platform to its API server, through its agent' }),
  ),
  /** At most 100 of them, by name. */
  unclaimedNamespaces: Type.Optional(Type.Array(UnclaimedNamespace)),
});
export type ClusterStatus = Static<typeof ClusterStatus>;

/** A Kubernetes cluster that hosts tenant control planes. Cluster-scoped. */
export const Cluster = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: ObjectMeta,
    spec: ClusterSpec,
    status: Type.Optional(ClusterStatus),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: "size(self.metadata.name) <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        message:
          'the name must be at most 63 lower-case letters, digits and "-", beginning and ending with a letter or digit',
      },
    ],
  },
);
export type Cluster = Static<typeof Cluster>;
