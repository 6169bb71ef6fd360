import { type Static, Type } from 'typebox';
import { Access, InstanceAccess, UserOrTeam } from './access.ts';
import { AppParameter } from './app-parameter.ts';
import { Conditions } from './condition.ts';
import { ObjectMeta, TemplateMetadata } from './object-meta.ts';
import { openObject } from './open-object.ts';

const ProjectSecretRef = openObject({
  projectSecretRef: Type.Optional(
    openObject({
      project: Type.Optional(Type.String()),
      name: Type.Optional(Type.String()),
      key: Type.Optional(Type.String()),
    }),
  ),
});

/** A chart that is deployed beside or inside a tenant cluster. */
const TemplateHelmChart = openObject({
  name: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  repoURL: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  usernameRef: Type.Optional(ProjectSecretRef),
  password: Type.Optional(Type.String()),
  passwordRef: Type.Optional(ProjectSecretRef),
  insecureSkipTlsVerify: Type.Optional(Type.Boolean()),
  releaseName: Type.Optional(Type.String()),
  releaseNamespace: Type.Optional(Type.String()),
  values: Type.Optional(Type.String()),
  wait: Type.Optional(Type.Boolean()),
  timeout: Type.Optional(Type.String()),
});
type TemplateHelmChart = Static<typeof TemplateHelmChart>;

const AppReference = openObject({
  name: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  releaseName: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  hash: Type.Optional(Type.String()),
  parameters: Type.Optional(Type.String()),
});
type AppReference = Static<typeof AppReference>;

/** The chart of a tenant cluster's control plane. Without a name: the chart that ships with the platform. */
export const VirtualClusterHelmChart = openObject({
  name: Type.Optional(Type.String()),
  repo: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  insecureSkipTlsVerify: Type.Optional(Type.Boolean()),
});
export type VirtualClusterHelmChart = Static<typeof VirtualClusterHelmChart>;

/** What a tenant cluster is made of. */
export const VirtualClusterTemplateDefinition = openObject({
  metadata: Type.Optional(TemplateMetadata),
  instanceTemplate: Type.Optional(openObject({ metadata: Type.Optional(TemplateMetadata) })),
  helmRelease: Type.Optional(
    openObject({
      chart: Type.Optional(VirtualClusterHelmChart),
      values: Type.Optional(Type.String({ description: 'YAML, a Go template' })),
    }),
  ),
  apps: Type.Optional(Type.Array(AppReference)),
  charts: Type.Optional(Type.Array(TemplateHelmChart)),
  objects: Type.Optional(Type.String({ description: 'YAML documents applied inside the tenant cluster' })),
  spaceTemplate: Type.Optional(
    openObject({
      metadata: Type.Optional(TemplateMetadata),
      objects: Type.Optional(Type.String()),
      charts: Type.Optional(Type.Array(TemplateHelmChart)),
      apps: Type.Optional(Type.Array(AppReference)),
    }),
  ),
  access: Type.Optional(InstanceAccess),
  pro: Type.Optional(openObject({ enabled: Type.Optional(Type.Boolean()) })),
  accessPoint: Type.Optional(
    openObject({ ingress: Type.Optional(openObject({ enabled: Type.Optional(Type.Boolean()) })) }),
  ),
  forwardToken: Type.Optional(Type.Boolean({ description: 'Older form of forwardTokenMode' })),
  forwardTokenMode: Type.Optional(Type.String({ description: 'Off, TokenReview or Passthrough' })),
});
export type VirtualClusterTemplateDefinition = Static<typeof VirtualClusterTemplateDefinition>;

export const VirtualClusterTemplateVersion = openObject({
  template: Type.Optional(VirtualClusterTemplateDefinition),
  parameters: Type.Optional(Type.Array(AppParameter)),
  version: Type.String({
    pattern: '^v?\\d+\\.\\d+\\.\\d+([-+].+)?$',
    description: 'A semantic version X.Y.Z',
  }),
});
export type VirtualClusterTemplateVersion = Static<typeof VirtualClusterTemplateVersion>;

export const VirtualClusterTemplateSpec = openObject({
  displayName: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  owner: Type.Optional(UserOrTeam),
  template: Type.Optional(VirtualClusterTemplateDefinition),
  parameters: Type.Optional(Type.Array(AppParameter)),
  versions: Type.Optional(Type.Array(VirtualClusterTemplateVersion)),
  access: Type.Optional(Type.Array(Access)),
  spaceTemplateRef: Type.Optional(
    openObject({ name: Type.Optional(Type.String()) }, { description: 'Deprecated; kept, not acted on' }),
  ),
});
export type VirtualClusterTemplateSpec = Static<typeof VirtualClusterTemplateSpec>;

/** A recipe for tenant clusters, with parameters and versions. Cluster-scoped. */
export const VirtualClusterTemplate = Type.Object({
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: ObjectMeta,
  spec: Type.Optional(VirtualClusterTemplateSpec),
  status: Type.Optional(
    openObject({
      conditions: Type.Optional(Conditions),
      observedGeneration: Type.Optional(Type.Integer()),
      canUse: Type.Optional(Type.Boolean()),
      canUpdate: Type.Optional(Type.Boolean()),
    }),
  ),
});
export type VirtualClusterTemplate = Static<typeof VirtualClusterTemplate>;
