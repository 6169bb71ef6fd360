/** A space by its resource: what is known of it before a connected cluster is chosen. */
export interface UnplacedSpace {
  readonly kind: 'space';
  readonly project: string;
  /** Name of the SpaceInstance. */
  readonly name: string;
  /** `metadata.uid` of the SpaceInstance: a later one of the same name is another space. */
  readonly uid: string;
}

/** A space and where it is: what workflows pass to every activity. Names only, never credentials. */
export interface SpaceRef extends UnplacedSpace {
  /** Name of the connected cluster. */
  readonly cluster: string;
  /** Its namespace there. */
  readonly hostNamespace: string;
}
