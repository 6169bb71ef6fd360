import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { recordEvent } from '../../adapters/kubernetes/events.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Logger } from '../../adapters/logging.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { managementApiVersion, writers } from '../../contracts/names.ts';
import { type ManagedInstance, resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { contentHash } from '../../domain/content-hash.ts';
import {
  isForgotten,
  pauseAfter,
  type PutBackPauses,
  timesAtOnce,
} from '../../domain/drift/put-back-pauses.ts';
import type { ControllerMetrics } from '../controller-metrics.ts';

/** Type of the condition that is False while something else changes the same object again and again, and not there otherwise. */
export const uncontested = 'Uncontested';
/** As many as a condition names. */
const maxTold = 3;
const defaultPauses: PutBackPauses = { firstMs: 60_000, longestMs: 60 * 60_000 };

/** An object of a connected cluster that is not as the platform left it. */
export interface Drift {
  readonly kind: string;
  readonly name: string;
  /** Its namespace, if it has one. */
  readonly namespace?: string | undefined;
  readonly how: 'changed' | 'deleted';
  /** Who did it, as Kubernetes knows them (field manager); undefined: it does not tell. */
  readonly by?: string | undefined;
}

/** The resource of the management API that an object belongs to. */
export interface DriftOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string };
  /** The connected cluster that it is in. */
  readonly cluster: string;
}

/** What a condition says of objects that something else changes again and again. */
export interface Contest {
  readonly severity: 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What was put back in connected clusters: told, counted, and done less and less often to an object that does not stay so. */
export interface PutBacks {
  /** How long an object is to be left as it is, in milliseconds; 0: it may be put back now. */
  pauseOf(uid: string, drift: Drift): number;
  /**
   * Says by an event and the log that it was put back, and counts it.
   * @param by what does it, if that takes longer: "operation …"
   */
  note(owner: DriftOwner, drift: Drift, by?: string): Promise<void>;
  /** What condition {@link uncontested} of the owner is to say; undefined: nothing. */
  problemOf(uid: string): Contest | undefined;
}

interface PutBack {
  readonly drift: Drift;
  readonly times: number;
  /** By `performance.now()`. */
  readonly at: number;
}

export function createPutBacks({
  client,
  metrics,
  logger,
  putBackPauses: pauses = defaultPauses,
}: {
  readonly client: Pick<ClusterClient, 'kubeConfig'>;
  readonly metrics?: Pick<ControllerMetrics, 'putBack'> | undefined;
  readonly logger: Logger;
  readonly putBackPauses?: PutBackPauses | undefined;
}): PutBacks {
  /** By uid of the owner and key of the object. */
  const done = new Map<string, Map<string, PutBack>>();

  /** Those that did not stay as they were put back. */
  function recent(uid: string): Map<string, PutBack> {
    const all = done.get(uid) ?? new Map<string, PutBack>();
    for (const [key, { times, at }] of all)
      if (isForgotten(times, performance.now() - at, pauses)) all.delete(key);
    if (all.size === 0) done.delete(uid);
    return all;
  }

  return {
    pauseOf(uid, drift) {
      const before = recent(uid).get(keyOf(drift));
      if (before === undefined) return 0;
      return Math.max(0, before.at + pauseAfter(before.times, pauses) - performance.now());
    },

    async note(owner, drift, by) {
      const { uid } = owner.metadata;
      const all = recent(uid);
      const key = keyOf(drift);
      const at = performance.now();
      all.set(key, { drift, times: (all.get(key)?.times ?? 0) + 1, at });
      done.set(uid, all);
      metrics?.putBack(drift.kind, owner.cluster);
      const message = `${by === undefined ? 'Put back' : 'Putting back'} ${sentenceOf(drift)}${by === undefined ? '' : ` (${by})`}`;
      logger.info({ cluster: owner.cluster, owner: owner.metadata.name, ...drift }, 'put back what drifted');
      const event = {
        key: contentHash([uid, key, new Date().toISOString()]),
        type: 'Normal',
        reason: 'PutBack',
        action: 'PutBack',
        message,
      } as const;
      await recordEvent(client, writers.controllers, owner, event).catch((err: unknown) =>
        logger.warn({ err, owner: owner.metadata.name }, 'failed to record an event'),
      );
    },

    problemOf(uid) {
      const contested = [...recent(uid).values()].filter(({ times }) => times >= timesAtOnce);
      if (contested.length === 0) return undefined;
      const told = contested
        .slice(0, maxTold)
        .map(({ drift, times }) => `${sentenceOf(drift)}, ${times} times`);
      const more = contested.length > maxTold ? [`and ${contested.length - maxTold} more`] : [];
      return {
        severity: 'Warning',
        reason: 'ChangedAgain',
        message: `Something changes again and again what the platform puts back: ${[...told, ...more].join('; ')}. Find out what does it and stop it, or change the spec instead; the platform goes on, less and less often`,
      };
    },
  };
}

function keyOf({ kind, namespace = '', name }: Drift): string {
  return `${kind} ${namespace}/${name}`;
}

/** "Service t1 in namespace x: kubectl-edit had changed it". */
export function sentenceOf({ kind, name, namespace, how, by = 'somebody' }: Drift): string {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${kind} ${name}${where}: ${by} had ${how} it`;
}

/** The instance as what events are about. */
export function ownerOf(
  kind: ManagedKind,
  { metadata }: Stored<ManagedInstance>,
  cluster: string,
): DriftOwner {
  const { name, namespace = '', uid } = metadata;
  return {
    apiVersion: managementApiVersion,
    kind: resourceKinds[kindNames[kind].plural].kind,
    metadata: { name, namespace, uid },
    cluster,
  };
}
