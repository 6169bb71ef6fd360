import type { Logger } from '../../adapters/logging.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { managedKinds } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { SeenUse } from '../../db/queries/instance-activity.ts';
import { activityIntervalMs } from '../../domain/sleep/last-activity.ts';
import { createBell } from '../../operations/bell.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import type { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import type { ActivityRecords } from './activity-records.ts';
import { countsAsUse, policyOf } from './counts-as-use.ts';
import { rowOf, SeenInstance } from './seen-instance.ts';
import { type Use, type UsingRequest, useOf } from './use.ts';

/** When tenant clusters and spaces were used last. Noting a use costs a request a look into a map. */
export interface InstanceActivity {
  /** `request` is forwarded to the instance that it is for, if it is for one. */
  used(instance: ManagedInstance | undefined, request: UsingRequest): void;
  /** The same for one that stays open; it is use until the result is called. */
  opened(instance: ManagedInstance | undefined, request: UsingRequest): () => void;
  stop(): Promise<void>;
}

export const defaultActivityIntervalMs = 60_000;

/** Between two looks at what is due, and the shortest interval: of uses within it, the first is noted. */
const lookMs = 1_000;
const longestPauseMs = 15_000;
const refusedPauseMs = 5_000;
const writesAtOnce = 8;
/** Rows of what is gone are looked for no more often. */
const prunePauseMs = 5_000;

interface Deps {
  readonly cache: Pick<
    ResourceCache,
    'instance' | 'instances' | 'accessKeyNamed' | 'onInstanceChange' | 'synced'
  >;
  readonly records: ActivityRecords;
  readonly metrics: Pick<GatewayMetrics, 'observe'>;
  readonly logger: Logger;
}

/**
 * Notes uses, and records them by `records`: the first after a pause at once, then one in each interval, of any number of gateways.
 * What cannot be recorded now is recorded later. It keeps something only of instances that are in the cache.
 * @param intervalMs between two records of an instance; for one whose policy waits for less than ten of them, less
 */
export function createInstanceActivity(deps: Deps, intervalMs = defaultActivityIntervalMs): InstanceActivity {
  const recorder = new Recorder(deps, intervalMs);
  const { metrics } = deps;
  metrics.observe(
    'vcp_gateway_activity_records_total',
    'Records of the last use of a tenant cluster or space that this gateway wrote',
    'counter',
    () => recorder.written,
  );
  metrics.observe(
    'vcp_gateway_activity_unrecorded',
    'Tenant clusters and spaces that were used since their last use was recorded',
    'gauge',
    () => recorder.unrecorded,
  );
  return {
    used: (instance, request) => recorder.used(instance, request),
    opened: (instance, request) => recorder.opened(instance, request),
    stop: () => recorder.stop(),
  };
}

interface Due {
  readonly seen: SeenInstance;
  readonly use: Use;
  readonly usedAt: number;
  readonly row: SeenUse;
}

class Recorder {
  written = 0;
  private readonly deps: Deps;
  private readonly intervalMs: number;
  private readonly bell = createBell();
  /** By uid. */
  private readonly seen = new Map<string, SeenInstance>();
  private readonly running: Promise<void>;
  private isStopping = false;
  private failures = 0;
  private pausedUntil = 0;
  /** At the start there may be rows of what was deleted meanwhile. */
  private isPruneDue = true;
  private prunedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: Deps, intervalMs: number) {
    this.deps = deps;
    this.intervalMs = intervalMs;
    for (const kind of managedKinds)
      deps.cache.onInstanceChange(kind, (_namespace, _name, instance) => {
        if (instance === undefined) this.isPruneDue = true;
      });
    this.running = this.run();
  }

  get unrecorded(): number {
    let count = 0;
    for (const seen of this.seen.values()) if (!seen.isRecorded) count++;
    return count;
  }

  used(instance: ManagedInstance | undefined, request: UsingRequest): void {
    if (instance === undefined) return;
    const seen = this.seenOf(instance, request);
    const now = performance.now();
    if (seen === undefined || now - seen.usedAt < lookMs) return;
    const use = useOf(request);
    if (countsAsUse(this.deps.cache, instance, use)) this.note(seen, use, now);
  }

  opened(instance: ManagedInstance | undefined, request: UsingRequest): () => void {
    const seen = instance && this.seenOf(instance, request);
    if (instance === undefined || seen === undefined) return () => undefined;
    const use = useOf(request);
    if (countsAsUse(this.deps.cache, instance, use)) this.note(seen, use, performance.now());
    seen.open.push(use);
    return () => {
      const at = seen.open.lastIndexOf(use);
      if (at >= 0) seen.open.splice(at, 1);
    };
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.bell.ring();
    await this.running;
    await this.deps.records.close();
  }

  private seenOf({ metadata: { uid } }: ManagedInstance, { target }: UsingRequest): SeenInstance | undefined {
    if (uid === undefined || target.kind === 'management' || target.kind === 'cluster') return undefined;
    let seen = this.seen.get(uid);
    if (seen === undefined) {
      const { kind, project, name } = target;
      seen = new SeenInstance({ kind, project, name });
      this.seen.set(uid, seen);
    }
    return seen;
  }

  private note(seen: SeenInstance, use: Use, now: number): void {
    seen.usedAt = now;
    seen.use = use;
    if (now - seen.claimedAt >= this.intervalMs && now >= this.pausedUntil) this.bell.ring();
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      await this.bell.rung(lookMs);
      this.bell.reset();
      if (this.isStopping || performance.now() < this.pausedUntil) continue;
      try {
        await this.record();
        await this.prune();
        if (this.failures > 0) this.deps.logger.info('recording the last use of instances again');
        this.failures = 0;
      } catch (err) {
        this.pause(err);
      }
    }
  }

  private pause(err: unknown): void {
    const say = this.failures === 0 ? 'warn' : 'debug';
    this.deps.logger[say]({ err }, 'failed to record the last use of instances; trying again');
    this.pausedUntil = performance.now() + Math.min(lookMs * 2 ** this.failures, longestPauseMs);
    this.failures = Math.min(this.failures + 1, 10);
  }

  private async record(): Promise<void> {
    // What was claimed is written first: while it cannot be, another gateway may.
    await this.write();
    const due = this.due(performance.now());
    if (due.size === 0) return;
    const claims = await this.deps.records.claim([...due.values()].map(({ row }) => row));
    const now = performance.now();
    for (const { uid, at, otherAgoMs, otherUseAgoMs } of claims) {
      const { seen, use, usedAt } = due.get(uid) as Due;
      const isOurs = at !== undefined;
      seen.claimedAt = isOurs ? now : now - otherAgoMs;
      if (isOurs) seen.unwritten = { at, use };
      if (isOurs || now - otherUseAgoMs >= usedAt) seen.recordedAt = usedAt;
    }
    await this.write();
  }

  /** What is to be recorded now, by uid. What has nothing to record for an interval is forgotten. */
  private due(now: number): Map<string, Due> {
    const due = new Map<string, Due>();
    for (const [uid, seen] of this.seen) {
      const instance = this.deps.cache.instance(seen.target);
      if (instance?.metadata.uid !== uid) {
        this.seen.delete(uid);
        this.isPruneDue = true;
        continue;
      }
      const intervalMs = activityIntervalMs(policyOf(instance), this.intervalMs);
      if (now - seen.claimedAt < intervalMs) continue;
      this.noteOpen(seen, instance, now);
      const { use, usedAt } = seen;
      if (use !== undefined && usedAt > seen.recordedAt)
        due.set(uid, { seen, use, usedAt, row: rowOf(uid, use, { agoMs: now - usedAt, intervalMs }) });
      else if (seen.open.length === 0 && seen.isRecorded) this.seen.delete(uid);
    }
    return due;
  }

  /** A stream that is open is use, too, unless the policy says otherwise by now. */
  private noteOpen(seen: SeenInstance, instance: ManagedInstance, now: number): void {
    if (seen.open.length === 0 || policyOf(instance)?.ignoreActiveConnections === true) return;
    const use = seen.open.findLast((one) => countsAsUse(this.deps.cache, instance, one));
    if (use === undefined) return;
    // Who sent a request since the last record did more than who has something open.
    if (seen.usedAt <= seen.recordedAt) seen.use = use;
    seen.usedAt = now;
  }

  /** Writes what was claimed on the instances. @throws what keeps all of them from it */
  private async write(): Promise<void> {
    const now = performance.now();
    const waiting = [...this.seen].filter(
      ([, { unwritten, retryAt }]) => unwritten !== undefined && now >= retryAt,
    );
    const failed: unknown[] = [];
    const refused: unknown[] = [];
    const work = async () => {
      for (
        let next = waiting.pop();
        next !== undefined && failed.length === 0 && !this.isStopping;
        next = waiting.pop()
      )
        await this.writeOne(...next).catch((error: unknown) => {
          // What is refused for one instance stands in the way of no other.
          if (error instanceof PlatformError) failed.push(error);
          else refused.push(error);
        });
    };
    await Promise.all(Array.from({ length: Math.min(writesAtOnce, waiting.length) }, work));
    if (refused.length > 0)
      this.deps.logger.warn(
        { err: refused[0], instances: refused.length },
        'failed to write the last use of instances: refused; trying again',
      );
    if (failed.length > 0) throw failed[0];
  }

  private async writeOne(uid: string, seen: SeenInstance): Promise<void> {
    const { unwritten, target } = seen;
    if (unwritten === undefined) return;
    const { groups: _groups, isUnnoticed: _unnoticed, accessKey: _key, ...info } = unwritten.use;
    seen.retryAt = performance.now() + refusedPauseMs;
    if (await this.deps.records.write({ ...target, uid, at: unwritten.at, info })) this.written++;
    else this.isPruneDue = true; // it may be gone
    seen.unwritten = undefined;
    seen.retryAt = Number.NEGATIVE_INFINITY;
  }

  private async prune(): Promise<void> {
    const { cache, records } = this.deps;
    const now = performance.now();
    if (!this.isPruneDue || !cache.synced || now - this.prunedAt < prunePauseMs) return;
    this.isPruneDue = false;
    this.prunedAt = now;
    const uids = managedKinds.flatMap((kind) =>
      cache.instances(kind).map(({ metadata: { uid = '' } }: ManagedInstance) => uid),
    );
    try {
      await records.keepOnly(new Set(uids));
    } catch (error) {
      this.isPruneDue = true;
      throw error;
    }
  }
}
