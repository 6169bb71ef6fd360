import type { TObject } from 'typebox';
import type { ManagedKind, PluralOf, TemplatePluralOf } from '../kinds.ts';
import { AccessKey } from './access-key.ts';
import { Cluster } from './cluster.ts';
import { Project } from './project.ts';
import { SpaceInstance } from './space-instance.ts';
import { SpaceTemplate } from './space-template.ts';
import { Team } from './team.ts';
import { User } from './user.ts';
import { VirtualClusterInstance } from './virtual-cluster-instance.ts';
import { VirtualClusterTemplate } from './virtual-cluster-template.ts';

export interface ResourceKind {
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly schema: TObject;
}

/** The kinds of `management.loft.sh/v1` that are custom resources, by their plural. */
export const resourceKinds = {
  projects: { kind: 'Project', singular: 'project', shortNames: [], namespaced: false, schema: Project },
  clusters: { kind: 'Cluster', singular: 'cluster', shortNames: [], namespaced: false, schema: Cluster },
  virtualclustertemplates: {
    kind: 'VirtualClusterTemplate',
    singular: 'virtualclustertemplate',
    shortNames: ['vct'],
    namespaced: false,
    schema: VirtualClusterTemplate,
  },
  spacetemplates: {
    kind: 'SpaceTemplate',
    singular: 'spacetemplate',
    shortNames: [],
    namespaced: false,
    schema: SpaceTemplate,
  },
  virtualclusterinstances: {
    kind: 'VirtualClusterInstance',
    singular: 'virtualclusterinstance',
    shortNames: ['vci'],
    namespaced: true,
    schema: VirtualClusterInstance,
  },
  spaceinstances: {
    kind: 'SpaceInstance',
    singular: 'spaceinstance',
    shortNames: ['si'],
    namespaced: true,
    schema: SpaceInstance,
  },
  users: { kind: 'User', singular: 'user', shortNames: [], namespaced: false, schema: User },
  teams: { kind: 'Team', singular: 'team', shortNames: [], namespaced: false, schema: Team },
  accesskeys: {
    kind: 'AccessKey',
    singular: 'accesskey',
    shortNames: [],
    namespaced: false,
    schema: AccessKey,
  },
} as const satisfies Record<string, ResourceKind>;

export type ResourcePlural = keyof typeof resourceKinds;

/** Type of the resources of each plural. */
export interface ResourceOf {
  projects: Project;
  clusters: Cluster;
  virtualclustertemplates: VirtualClusterTemplate;
  spacetemplates: SpaceTemplate;
  virtualclusterinstances: VirtualClusterInstance;
  spaceinstances: SpaceInstance;
  users: User;
  teams: Team;
  accesskeys: AccessKey;
}

/** Type of the resources of each managed kind. */
export type InstanceOf<K extends ManagedKind> = ResourceOf[PluralOf<K>];
/** A resource of a managed kind. */
export type ManagedInstance = InstanceOf<ManagedKind>;

/** Type of the templates that each managed kind is made of. */
export type TemplateOf<K extends ManagedKind> = ResourceOf[TemplatePluralOf<K>];
/** A template of instances of a managed kind. */
export type ManagedTemplate = TemplateOf<ManagedKind>;
