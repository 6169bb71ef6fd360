import { type Static, type TOptional, type TString, Type } from 'typebox';
import { kindNames, type ManagedKind, managedKinds } from '../kinds.ts';
import { Access, UserOrTeam } from './access.ts';
import { Conditions } from './condition.ts';
import { ObjectMeta, TemplateMetadata } from './object-meta.ts';
import { anyObject, openObject } from './open-object.ts';

const allowedName = Type.String({ maxLength: 253, description: '"*": all' });
/** Admission reads them from annotations of the project's namespace, which may have 256 KiB in all. */
const maxAllowed = { maxItems: 500 };

export const AllowedTemplate = openObject({
  kind: Type.Optional(Type.String({ description: 'VirtualClusterTemplate (default) or SpaceTemplate' })),
  group: Type.Optional(Type.String()),
  name: Type.Optional(allowedName),
  isDefault: Type.Optional(Type.Boolean()),
});
export type AllowedTemplate = Static<typeof AllowedTemplate>;

export const ProjectMember = openObject({
  kind: Type.Optional(Type.String({ description: 'User (default) or Team' })),
  group: Type.Optional(Type.String()),
  name: Type.Optional(Type.String({ description: '"*": all users' })),
  clusterRole: Type.Optional(
    Type.String({ description: "Role in the project's namespace, e.g. loft-management-project-user" }),
  ),
});
export type ProjectMember = Static<typeof ProjectMember>;

const Quantities = Type.Record(Type.String(), Type.String());
const AllowedByName = openObject({ name: Type.Optional(allowedName) });

/** How the namespaces of each kind are called. */
const namespacePatterns = Object.fromEntries(
  managedKinds.map((kind) => {
    const { noun, namespace } = kindNames[kind];
    const description = `Namespace of a ${noun}; default: ${namespace.byDefault('<project>', '<name>')}`;
    return [namespace.pattern, Type.Optional(Type.String({ description }))];
  }),
) as { [P in (typeof kindNames)[ManagedKind]['namespace']['pattern']]: TOptional<TString> };

export const ProjectSpec = openObject({
  displayName: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  owner: Type.Optional(UserOrTeam),
  quotas: Type.Optional(
    openObject({
      project: Type.Optional(Quantities),
      user: Type.Optional(Quantities),
    }),
  ),
  allowedClusters: Type.Optional(Type.Array(AllowedByName, maxAllowed)),
  allowedRunners: Type.Optional(Type.Array(AllowedByName)),
  allowedTemplates: Type.Optional(Type.Array(AllowedTemplate, maxAllowed)),
  allowedNodeTypes: Type.Optional(Type.Array(AllowedByName)),
  allowedNodeProfiles: Type.Optional(Type.Array(AllowedByName)),
  defaultNodeProfile: Type.Optional(Type.String()),
  requireTemplate: Type.Optional(
    openObject({
      disabled: Type.Optional(
        Type.Boolean({ description: 'true: members may use an inline template; default false' }),
      ),
    }),
  ),
  requirePreset: Type.Optional(openObject({ disabled: Type.Optional(Type.Boolean()) })),
  members: Type.Optional(Type.Array(ProjectMember)),
  access: Type.Optional(Type.Array(Access)),
  namespaceTemplate: Type.Optional(openObject({ metadata: Type.Optional(TemplateMetadata) })),
  namespacePattern: Type.Optional(openObject(namespacePatterns)),
  argoCD: Type.Optional(anyObject()),
  vault: Type.Optional(anyObject()),
});
export type ProjectSpec = Static<typeof ProjectSpec>;

/** A group of tenant clusters with members, quotas, and allowed templates and clusters. Cluster-scoped. */
export const Project = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    metadata: ObjectMeta,
    spec: Type.Optional(ProjectSpec),
    status: Type.Optional(
      openObject({
        quotas: Type.Optional(anyObject()),
        conditions: Type.Optional(Conditions),
        observedGeneration: Type.Optional(Type.Integer()),
        canUse: Type.Optional(Type.Boolean()),
        canUpdate: Type.Optional(Type.Boolean()),
      }),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        // 54: the host namespace `loft-<project>-v-<name>` has at most 63 characters, so one is left for the name.
        rule: "size(self.metadata.name) <= 54 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        message:
          'the name must be at most 54 lower-case letters, digits and "-", beginning and ending with a letter or digit',
      },
    ],
  },
);
export type Project = Static<typeof Project>;
