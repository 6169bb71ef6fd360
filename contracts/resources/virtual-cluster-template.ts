import { type Static, Type } from 'typebox';
import { InstanceAccess } from './access.ts';
import { AppParameter } from './app-parameter.ts';
import { ObjectMeta, TemplateMetadata } from './object-meta.ts';
import { openObject } from './open-object.ts';
import {
  AppReference,
  templateHead,
  TemplateHelmChart,
  TemplateStatus,
  templateVersion,
} from './template-parts.ts';

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
  version: templateVersion,
});
export type VirtualClusterTemplateVersion = Static<typeof VirtualClusterTemplateVersion>;

export const VirtualClusterTemplateSpec = openObject({
  ...templateHead,
  template: Type.Optional(VirtualClusterTemplateDefinition),
  versions: Type.Optional(Type.Array(VirtualClusterTemplateVersion)),
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
  status: Type.Optional(TemplateStatus),
});
export type VirtualClusterTemplate = Static<typeof VirtualClusterTemplate>;
