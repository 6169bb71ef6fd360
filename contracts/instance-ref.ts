import type { ClusterRef } from './cluster-ref.ts';
import type { ManagedKind, OperationKind, UnnamedKind } from './kinds.ts';

interface InstanceIdentity {
  readonly project: string;
  /** Name of its resource; of a tenant cluster, of its Helm release too. */
  readonly name: string;
  /** `metadata.uid` of its resource: a later instance of the same name is another. */
  readonly uid: string;
}

interface InstancePlacement {
  /** Name of the connected cluster. */
  readonly cluster: string;
  /** Its namespace there. */
  readonly hostNamespace: string;
}

/** The kind; of tenant clusters it is left out (histories are full of it), and there so that a space is none. */
type KindOfRef<K extends ManagedKind> = K extends UnnamedKind ? { readonly kind?: K } : { readonly kind: K };

/** What an operation of a kind is about, by its resource; an instance: what is known of it before a connected cluster is chosen. */
export type UnplacedRef<K extends OperationKind = ManagedKind> = K extends ManagedKind
  ? KindOfRef<K> & InstanceIdentity
  : ClusterRef;

/** An instance and where it is: what workflows pass to every activity. Names only, never credentials. */
export type InstanceRef<K extends OperationKind = ManagedKind> = K extends ManagedKind
  ? UnplacedRef<K> & InstancePlacement
  : never;

export type UnplacedTenant = UnplacedRef<'tenant'>;
export type TenantRef = InstanceRef<'tenant'>;
export type UnplacedSpace = UnplacedRef<'space'>;
export type SpaceRef = InstanceRef<'space'>;
