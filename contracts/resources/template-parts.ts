import { type Static, Type } from 'typebox';
import { Access, UserOrTeam } from './access.ts';
import { AppParameter } from './app-parameter.ts';
import { Conditions } from './condition.ts';
import { LabelSelector } from './label-selector.ts';
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

/** A chart that is deployed beside or inside what is made of a template. */
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

/** What the specs of all templates begin with. */
export const templateHead = {
  displayName: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  owner: Type.Optional(UserOrTeam),
  parameters: Type.Optional(Type.Array(AppParameter)),
  access: Type.Optional(Type.Array(Access)),
  clusterRef: Type.Optional(
    openObject({
      cluster: Type.Optional(
        Type.String({ maxLength: 63, description: 'Connected cluster of all that is made of the template' }),
      ),
    }),
  ),
  clusterSelector: Type.Optional(LabelSelector),
};

/** Name of a template's version. */
export const templateVersion = Type.String({
  pattern: '^v?\\d+\\.\\d+\\.\\d+([-+].+)?$',
  description: 'A semantic version X.Y.Z',
});

export const TemplateStatus = openObject({
  conditions: Type.Optional(Conditions),
  observedGeneration: Type.Optional(Type.Integer()),
  canUse: Type.Optional(Type.Boolean()),
  canUpdate: Type.Optional(Type.Boolean()),
});
