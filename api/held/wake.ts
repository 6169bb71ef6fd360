import { PlatformError } from '../../contracts/errors.ts';
import type { OperationTarget } from '../../contracts/kinds.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { isSleepWanted } from '../../domain/lifecycle/desired-state.ts';
import { mayPass } from '../../domain/lifecycle/failure-causes.ts';
import { isAsleep } from '../../domain/lifecycle/settled-phase.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { askForWake } from './ask-for-wake.ts';

/** A request that waits: its caller, and what hears of changes. */
interface Waiter {
  readonly caller: Caller;
  readonly requestId: string;
  /** Something about the instance or its wake is not what it was. */
  changed(): void;
  failed(error: PlatformError): void;
  /** The operation that was to wake it failed. */
  wakeFailed(operation: Operation): void;
}

type Deps = Pick<Gateway, 'managementJson' | 'cache' | 'operations' | 'logger'>;

/** Time for which a failed wake answers for those that would follow: clients send a request again every second. */
const failedMs = 10_000;

/**
 * One tenant cluster or space that requests of this gateway wait for. It has what wakes it submitted as long as somebody waits, and
 * hears from the database how that ends. Nothing of it is needed by another gateway: each submits, and the submits meet in one operation.
 */
export class Wake {
  operation: Operation | undefined;
  private readonly deps: Deps;
  private readonly target: OperationTarget;
  private readonly over: () => void;
  private readonly unsubscribe: () => void;
  /** The oldest first. */
  private readonly waiters = new Set<Waiter>();
  private isAsking = false;

  /** @param over called when nobody waits any more, or it failed */
  constructor(deps: Deps, target: OperationTarget, over: () => void) {
    this.deps = deps;
    this.target = target;
    this.over = over;
    this.unsubscribe = deps.operations.onChange((id) => this.operationChanged(id));
  }

  /** Adds a request; call the result when it waits no longer. */
  add(waiter: Waiter): () => void {
    this.waiters.add(waiter);
    this.ask();
    return () => {
      this.waiters.delete(waiter);
      this.endIfIdle();
    };
  }

  /** Has it woken though the request cannot wait for it. */
  ask(asker: Pick<Waiter, 'caller' | 'requestId'> | undefined = this.waiters.values().next().value): void {
    const instance = this.deps.cache.instance(this.target);
    if (this.isAsking) return;
    if (asker === undefined || instance === undefined || !this.isNeeded(instance)) {
      this.endIfIdle();
      return;
    }
    this.isAsking = true;
    this.submit(instance, asker)
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.isAsking = false;
        this.endIfIdle();
      });
  }

  /** The resource was changed, or is gone. */
  instanceChanged(): void {
    this.ask();
    for (const waiter of [...this.waiters]) waiter.changed();
  }

  /** An operation that has ended is of no use to what was put to sleep again behind it. */
  private isNeeded(instance: ManagedInstance): boolean {
    if (!isAsleep(this.target.kind, instance)) return false;
    return this.operation === undefined || (isFinal(this.operation.state) && isSleepWanted(instance));
  }

  private async submit(
    instance: ManagedInstance,
    { caller, requestId }: Pick<Waiter, 'caller' | 'requestId'>,
  ): Promise<void> {
    const failed = await this.failedBefore(instance);
    if (failed !== undefined) {
      this.failAs(failed);
      return;
    }
    const request = { ...this.target, caller, requestId };
    const operation = await askForWake(this.deps, request, instance, new Date());
    if (operation === undefined) return; // it was changed: the event comes
    this.operation = operation;
    // It may have ended before it was known here.
    this.operationChanged(operation.id);
  }

  /** The last wake, if it failed a moment ago, or for a cause that no time mends, and nobody asked otherwise since. */
  private async failedBefore({ status, ...instance }: ManagedInstance): Promise<Operation | undefined> {
    const { lastOperation } = status ?? {};
    if (lastOperation?.type !== 'wake' || !['failed', 'cancelled'].includes(lastOperation.state))
      return undefined;
    if (status?.phase === 'Pending') return undefined; // something is under way again
    if (isSleepWanted(instance)) return undefined; // it was put to sleep after that
    const { operations } = this.deps;
    const operation = await operations.recorded(lastOperation.id).catch(() => undefined);
    if (operation?.finishedAt === undefined) return undefined;
    const isLasting = operation.state === 'failed' && !mayPass(operation.reason ?? null, null);
    return isLasting || Date.now() - Date.parse(operation.finishedAt) < failedMs ? operation : undefined;
  }

  private operationChanged(id: string | undefined): void {
    const { operation, deps } = this;
    if (operation === undefined || isFinal(operation.state)) return;
    if (id !== undefined && id !== operation.id) return;
    deps.operations.recorded(operation.id).then(
      (now) => this.operationRead(now),
      (err: unknown) => deps.logger.debug({ err }, 'failed to read the operation that wakes'),
    );
  }

  private operationRead(now: Operation): void {
    if (this.operation?.id !== now.id) return;
    this.operation = now;
    if (!isFinal(now.state)) return;
    if (now.state === 'succeeded') this.instanceChanged();
    else this.failAs(now);
  }

  private failAs(operation: Operation): void {
    this.operation = operation;
    for (const waiter of [...this.waiters]) waiter.wakeFailed(operation);
    this.end();
  }

  private fail(error: unknown): void {
    const known = error instanceof PlatformError;
    if (!known) this.deps.logger.error({ err: error, ...this.target }, 'failed to ask for a wake');
    const failure = known ? error : new PlatformError('internal', 'failed to wake it', { cause: error });
    for (const waiter of [...this.waiters]) waiter.failed(failure);
    this.end();
  }

  private endIfIdle(): void {
    if (this.waiters.size === 0 && !this.isAsking) this.end();
  }

  private end(): void {
    this.unsubscribe();
    this.over();
  }
}
