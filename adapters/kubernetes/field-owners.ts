import { fieldManagers, writers } from '../../contracts/names.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { saidText } from '../../domain/status/cluster-health.ts';

/** An entry of `metadata.managedFields`: which fields one writer owns. */
export interface FieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  /** RFC 3339: when this writer changed one of them last. It stays when another one takes a field over. */
  readonly time?: string;
  readonly fieldsV1?: unknown;
}

/** What Helm calls itself when it applies a release, and when it writes its records. */
const helm = ['helm', 'Helm'] as const;
/** In whose entry it stands what the platform applied, the first that is there. */
const appliers: readonly string[] = [helm[0], fieldManagers.worker, writers.worker];
const ours: ReadonlySet<string> = new Set([...helm, ...Object.values(writers), fieldManagers.worker]);

/**
 * A text that is the same as long as no one else has changed or removed a field that the platform applied; what others add
 * does not count. Nor does the number of replicas, which sleep and wake set: see {@link scaledBy}.
 * It stands in notes of earlier versions, so that it has to stay as it is: another form would look like drift everywhere.
 */
export function appliedState(entries: readonly FieldsEntry[] = []): string {
  const entry = appliers
    .map((name) => entries.find(({ manager, subresource }) => manager === name && subresource === undefined))
    .find((found) => found !== undefined);
  return contentHash([entry?.manager, entry?.time, withoutReplicas(entry?.fieldsV1)]);
}

/** Who wrote last besides the platform, as they call themselves; what reports status does not count. For people: a cluster may say anything. */
export function lastChanger(entries: readonly FieldsEntry[] = []): string | undefined {
  const last = entries
    .filter(({ manager = '', subresource }) => subresource !== 'status' && !ours.has(manager))
    .toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
    .at(-1)?.manager;
  return last === undefined ? undefined : saidText(last);
}

/** Who has set the number of replicas since the platform did; undefined: no one. */
export function scaledBy(
  entries: readonly Pick<FieldsEntry, 'manager' | 'fieldsV1'>[] = [],
): string | undefined {
  const owners = entries.filter(({ fieldsV1 }) => specOf(fieldsV1)?.['f:replicas'] !== undefined);
  const [first] = owners;
  if (first === undefined || owners.some(({ manager = '' }) => ours.has(manager))) return undefined;
  return first.manager === undefined ? undefined : saidText(first.manager);
}

function specOf(fields: unknown): Record<string, unknown> | undefined {
  return (fields as Record<string, Record<string, unknown>> | undefined)?.['f:spec'];
}

function withoutReplicas(fields: unknown): unknown {
  const spec = specOf(fields);
  if (spec === undefined) return fields;
  const { 'f:replicas': _replicas, ...others } = spec;
  return { ...(fields as object), 'f:spec': others };
}
