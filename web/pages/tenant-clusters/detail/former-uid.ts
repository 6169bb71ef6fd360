import type { Snapshot } from '../../../../contracts/operations.ts';
import type { ManagedInstance } from '../../../../contracts/resources/resource-kinds.ts';

/** The uid of the former tenant cluster of this name that a snapshot is of; undefined: it is of this one. */
export function formerUid({ uid }: Snapshot, { metadata }: ManagedInstance): string | undefined {
  return uid === metadata.uid ? undefined : uid;
}
