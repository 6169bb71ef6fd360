/** What is known of a saved store; `hash` differs for different data. */
export interface StoreFacts {
  readonly revision: number;
  readonly totalKeys: number;
  readonly hash: number;
}

/** The store of a tenant cluster's objects, on its volume. Everything can be repeated, and begun again wherever it was killed. */
export interface Store {
  /** Writes all of it, as it is at one moment, to `file`; whether or not the control plane runs. */
  save(file: string): Promise<void>;
  /** @throws Failure `snapshot_damaged` */
  inspect(file: string): Promise<StoreFacts>;
  /**
   * Makes data of a saved `file` beside the present ones, with a revision beyond any that clients can have seen and
   * all earlier ones compacted: a watch that goes on gets "too old" and lists again, rather than silently seeing time
   * run backwards. They are compacted, and carry no alarm of the store that was saved.
   */
  prepare(file: string): Promise<void>;
  /**
   * Frees what deleted and overwritten objects take up in the running store, and clears its alarms: out of space, it takes no
   * writes for ever, even when there is space again. One that looks after itself needs nothing.
   */
  maintain(): Promise<void>;
  /** Puts what was prepared in its place; the former data stay beside. @throws Failure if nothing was prepared */
  swap(): Promise<void>;
  /** Puts the former data back, if they were swapped out, and removes what was prepared. */
  rollback(): Promise<void>;
  /** The restore is final: removes the former data and all other leftovers. */
  commit(): Promise<void>;
}

export type StoreKind = 'etcd' | 'sqlite';
