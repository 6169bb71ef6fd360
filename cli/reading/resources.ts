import type { Cluster, ClusterStatus } from '../../contracts/resources/cluster.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import type { VirtualClusterTemplate } from '../../contracts/resources/virtual-cluster-template.ts';
import type { Client } from '../connection/client.ts';
import { managementResources, withoutManagedFields } from './management.ts';
import { age, type Column, type Listing } from '../output/output.ts';

/** The resources of the platform that belong to no project, by the commands that show them. */
export interface PlatformResources {
  projects: Project;
  templates: VirtualClusterTemplate;
  clusters: Cluster;
  users: User;
  teams: Team;
}
export type PlatformResource = keyof PlatformResources;

interface Row<R> {
  /** What one is called: in `vcp get`, in `-o name`, and in sentences. */
  readonly singular: string;
  readonly noun: string;
  readonly plural: string;
  readonly columns: readonly Column<R>[];
}

const displayName: Column<{ readonly spec?: { readonly displayName?: string } }> = [
  'DISPLAY NAME',
  ({ spec }) => spec?.displayName ?? '',
];

const rows: { readonly [P in PlatformResource]: Row<PlatformResources[P]> } = {
  projects: {
    singular: 'project',
    noun: 'project',
    plural: 'projects',
    columns: [
      displayName,
      ['OWNER', ({ spec }) => ownerOf(spec?.owner), 'wide'],
      ['MEMBERS', ({ spec }) => named(spec?.members), 'wide'],
      ['TEMPLATES', ({ spec }) => named(spec?.allowedTemplates), 'wide'],
      ['CLUSTERS', ({ spec }) => named(spec?.allowedClusters), 'wide'],
    ],
  },
  templates: {
    singular: 'template',
    noun: 'template',
    plural: 'virtualclustertemplates',
    columns: [
      displayName,
      ['VERSIONS', ({ spec }) => (spec?.versions ?? []).map(({ version }) => version).join(',')],
      ['DESCRIPTION', ({ spec }) => spec?.description ?? '', 'wide'],
      ['PARAMETERS', ({ spec }) => parametersOf(spec), 'wide'],
    ],
  },
  clusters: {
    singular: 'cluster',
    noun: 'connected cluster',
    plural: 'clusters',
    columns: [
      displayName,
      [
        'STATUS',
        ({ status, spec }) => (spec.unusable === true ? 'Unusable' : status?.phase || 'Initializing'),
      ],
      ['ONLINE', ({ status }) => onlineOf(status)],
      ['MESSAGE', ({ status }) => status?.message ?? ''],
      ['REASON', ({ status }) => status?.reason ?? '', 'wide'],
      ['LAST SEEN', ({ status }) => age(status?.lastSeen), 'wide'],
      ['KUBERNETES', ({ status }) => status?.kubernetesVersion ?? '', 'wide'],
      ['AGENT', ({ status }) => status?.agentVersion ?? '', 'wide'],
      ['NODES', ({ status }) => readyNodesOf(status), 'wide'],
      ['TENANTS', ({ status }) => status?.tenants?.toString() ?? '', 'wide'],
    ],
  },
  users: {
    singular: 'user',
    noun: 'user',
    plural: 'users',
    columns: [
      displayName,
      ['SUBJECT', ({ metadata, spec }) => spec?.subject ?? metadata.name],
      ['STATUS', ({ spec }) => (spec?.disabled === true ? 'Disabled' : 'Active')],
      ['TEAMS', ({ status }) => (status?.teams ?? []).join(','), 'wide'],
      ['ROLES', ({ spec }) => named(spec?.clusterRoles), 'wide'],
      ['EMAIL', ({ spec }) => spec?.email ?? '', 'wide'],
    ],
  },
  teams: {
    singular: 'team',
    noun: 'team',
    plural: 'teams',
    columns: [
      displayName,
      ['USERS', ({ spec }) => (spec?.users ?? []).join(',')],
      ['GROUPS', ({ spec }) => (spec?.groups ?? []).join(','), 'wide'],
      ['ROLES', ({ spec }) => named(spec?.clusterRoles), 'wide'],
    ],
  },
};

export const platformResources = Object.keys(rows) as PlatformResource[];

export function rowOf<P extends PlatformResource>(resource: P): Row<PlatformResources[P]> {
  return rows[resource];
}

/** Where they are in the management API. */
export function resourcePath(resource: PlatformResource, name?: string): string {
  const collection = `${managementResources}/${rows[resource].plural}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}

export function resourceListing<P extends PlatformResource>(resource: P): Listing<PlatformResources[P]> {
  const { columns, singular } = rowOf(resource);
  return {
    columns: [
      ['NAME', ({ metadata }) => metadata.name],
      ...columns,
      ['AGE', ({ metadata }) => age(metadata.creationTimestamp)],
    ],
    name: ({ metadata }) => `${singular}/${metadata.name}`,
  };
}

/** Those that the caller may see. */
export async function listResources<P extends PlatformResource>(
  client: Client,
  resource: P,
): Promise<PlatformResources[P][]> {
  const { items } = await client.call<{ items: PlatformResources[P][] }>('GET', resourcePath(resource));
  return items
    .map((item) => withoutManagedFields(item))
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

/** Empty: not known yet. */
export function onlineOf({ online }: ClusterStatus = {}): string {
  if (online === undefined) return '';
  return online ? 'yes' : 'no';
}

/** `2/3`: ready, and all. */
export function readyNodesOf({ nodes }: ClusterStatus = {}): string {
  return nodes === undefined ? '' : `${nodes.ready}/${nodes.total}`;
}

function ownerOf(owner: { readonly user?: string; readonly team?: string } | undefined): string {
  return owner?.user ?? (owner?.team === undefined ? '' : `team ${owner.team}`);
}

function named(list: readonly { readonly name?: string }[] | undefined): string {
  return (list ?? []).map(({ name }) => name ?? '').join(',');
}

function parametersOf(spec: VirtualClusterTemplate['spec']): string {
  const newest = spec?.parameters ?? spec?.versions?.at(-1)?.parameters ?? [];
  return newest.map(({ variable }) => variable).join(',');
}
