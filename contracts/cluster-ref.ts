/** A connected cluster by its resource: what the workflows of kind `cluster` pass to every activity. Names only, never credentials. */
export interface ClusterRef {
  /** Name of its `Cluster`. */
  readonly name: string;
  /** `metadata.uid` of its `Cluster`: a later one of the same name is another. */
  readonly uid: string;
}

/** What was not removed of it, or would not be, each a phrase for people: `namespace fleet, which holds Secret mine`. */
export interface ClusterRemoval {
  readonly kept: readonly string[];
}

/** What stands in a connected cluster because it is connected. */
export interface ClusterRemains extends ClusterRemoval {
  /** How many objects of ours there are, by kind. */
  readonly objects: Readonly<Record<string, number>>;
}

/** Images of an agent, by its Deployment: before, and as it is wanted. The same one twice: nothing was to be done. */
export interface AgentImages {
  readonly former: string;
  readonly image: string;
}
