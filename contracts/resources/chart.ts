import { type Static, Type } from 'typebox';
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
export const TemplateHelmChart = openObject({
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
export type TemplateHelmChart = Static<typeof TemplateHelmChart>;

export const AppReference = openObject({
  name: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  releaseName: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  hash: Type.Optional(Type.String()),
  parameters: Type.Optional(Type.String()),
});
export type AppReference = Static<typeof AppReference>;
