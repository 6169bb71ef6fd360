/** A tenant cluster by its resource: what is known of it before a connected cluster is chosen. */
export interface UnplacedTenant {
  /** Left out (histories are full of it); there so that a space is no tenant cluster. */
  readonly kind?: 'tenant';
  readonly project: string;
  /** Name of the VirtualClusterInstance, and of its Helm release. */
  readonly name: string;
  /** `metadata.uid` of the VirtualClusterInstance: a later instance of the same name is another tenant cluster. */
  readonly uid: string;
}

/** A tenant cluster and where it runs: what workflows pass to every activity. Names only, never credentials. */
export interface TenantRef extends UnplacedTenant {
  /** Name of the connected cluster. */
  readonly cluster: string;
  /** Namespace of the control plane in the connected cluster. */
  readonly hostNamespace: string;
}
