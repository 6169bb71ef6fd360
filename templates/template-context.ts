import type { InstanceRef } from '../contracts/instance-ref.ts';
import type { Cluster } from '../contracts/resources/cluster.ts';
import type { Team } from '../contracts/resources/team.ts';
import type { User } from '../contracts/resources/user.ts';
import type { ManagedInstance } from '../contracts/resources/resource-kinds.ts';

/** What a template's values may refer to as `.Values`. */
export interface TemplateContext {
  readonly [parameter: string]: unknown;
  readonly loft: {
    readonly name: string;
    readonly project: string;
    readonly cluster: string;
    readonly space: string;
    readonly virtualClusterName: string;
    readonly virtualClusterNamespace: string;
    readonly clusterAnnotations: Record<string, string>;
    readonly user?: Record<string, unknown>;
    readonly team?: Record<string, unknown>;
  };
}

export interface ValuesRequest {
  /** YAML with `{{ … }}`. */
  readonly values: string;
  readonly context: TemplateContext;
  /** Variables of `context` whose text is not the template author's: it must not become structure. */
  readonly texts: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The connected cluster and the owner of what is made; undefined if it has none of the kind, or the object is gone. */
export interface Surroundings {
  readonly cluster: Cluster | undefined;
  readonly user: User | undefined;
  readonly team: Team | undefined;
}

/** `.Values.loft`, with the names that vCluster Platform offers. The owner stands for the user, so that a retry renders the same. */
export function loftContext(
  placed: Pick<InstanceRef, 'project' | 'name' | 'cluster' | 'hostNamespace'>,
  instance: Pick<ManagedInstance, 'spec'>,
  { cluster, user, team }: Surroundings,
): TemplateContext['loft'] {
  const { user: userName, team: teamName } = instance.spec?.owner ?? {};
  return {
    name: placed.name,
    project: placed.project,
    cluster: placed.cluster,
    space: placed.hostNamespace,
    virtualClusterName: placed.name,
    virtualClusterNamespace: placed.hostNamespace,
    clusterAnnotations: cluster?.metadata.annotations ?? {},
    ...(userName ? { user: userContext(userName, user) } : {}),
    ...(teamName ? { team: { name: teamName, displayName: team?.spec?.displayName ?? '' } } : {}),
  };
}

/** One that is gone is a name still. */
function userContext(name: string, user: User | undefined) {
  const { username = name, email = '', displayName = '', subject = name } = user?.spec ?? {};
  return { name, username, email, displayName, subject };
}

/** What of `.Values.loft` people choose: of their account or team, and annotations of the cluster. Dots descend. */
export function othersTexts({ user = {}, team = {} }: TemplateContext['loft']): string[] {
  return [
    ...Object.keys(user).map((name) => `loft.user.${name}`),
    ...Object.keys(team).map((name) => `loft.team.${name}`),
  ];
}
