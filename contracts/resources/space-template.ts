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

/** What a space is made of. */
export const SpaceTemplateDefinition = openObject({
  metadata: Type.Optional(TemplateMetadata),
  instanceTemplate: Type.Optional(openObject({ metadata: Type.Optional(TemplateMetadata) })),
  objects: Type.Optional(Type.String({ description: 'YAML documents applied in the namespace' })),
  charts: Type.Optional(Type.Array(TemplateHelmChart)),
  apps: Type.Optional(Type.Array(AppReference)),
  access: Type.Optional(InstanceAccess),
});
export type SpaceTemplateDefinition = Static<typeof SpaceTemplateDefinition>;

const SpaceTemplateVersion = openObject({
  template: Type.Optional(SpaceTemplateDefinition),
  parameters: Type.Optional(Type.Array(AppParameter)),
  version: templateVersion,
});

/** A recipe for spaces, with parameters and versions. Cluster-scoped. */
export const SpaceTemplate = Type.Object({
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: ObjectMeta,
  spec: Type.Optional(
    openObject({
      ...templateHead,
      template: Type.Optional(SpaceTemplateDefinition),
      versions: Type.Optional(Type.Array(SpaceTemplateVersion)),
    }),
  ),
  status: Type.Optional(TemplateStatus),
});
export type SpaceTemplate = Static<typeof SpaceTemplate>;
