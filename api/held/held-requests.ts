import { withSpan } from '../../adapters/tracing/spans.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { managedKinds, type OperationTarget } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { forcedAsleepUntil } from '../../domain/sleep/sleep-policy.ts';
import { countsAsUse } from '../activity/counts-as-use.ts';
import { useOf } from '../activity/use.ts';
import { targetAction } from '../authorization/action.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { asleep, resolveUpstream } from '../proxy/resolve-upstream.ts';
import type { ResolvedUpstream } from '../proxy/resolved-upstream.ts';
import type { HeldRequests, HoldableRequest } from './holdable-request.ts';
import { failedToWake, type HoldEnd, notHeld } from './hold-refusals.ts';
import { createHoldRoom, type HoldLimits, type HoldRoom } from './hold-room.ts';
import { Wake } from './wake.ts';

type Deps = Omit<Gateway, 'held'>;

/** Has what `request` is for woken, and waits for it within `limits`. Nothing is kept between gateways: their submits meet. */
export function createHeldRequests(gateway: Deps, limits: HoldLimits): HeldRequests {
  const room = createHoldRoom(limits);
  const wakes = new Map<string, Wake>();
  observe(gateway, room);
  for (const kind of managedKinds)
    gateway.cache.onInstanceChange(kind, (namespace, name) => {
      const project = projectOfNamespace(namespace);
      if (project !== undefined) wakes.get(keyOf({ kind, project, name }))?.instanceChanged();
    });

  const wakeOf = (target: OperationTarget): Wake => {
    const key = keyOf(target);
    const known = wakes.get(key);
    if (known !== undefined) return known;
    const wake: Wake = new Wake(gateway, target, () => {
      if (wakes.get(key) === wake) wakes.delete(key);
    });
    wakes.set(key, wake);
    return wake;
  };

  return {
    async awake(found, request) {
      const { sleeper } = found;
      const { target } = request;
      if (sleeper === undefined || target.kind === 'management' || target.kind === 'cluster') return found;
      if (!countsAsUse(gateway.cache, sleeper, useOf(request))) return found;
      const { kind, project, name } = target;
      const held = new HeldRequest(gateway, request, { kind, project, name });
      held.checkMayWake(sleeper);
      const wake = wakeOf(held.target);
      const giveBack = room.take(keyOf(held.target), request.bytes);
      if (giveBack === undefined) {
        wake.ask(held);
        throw await held.ended('room', wake.operation);
      }
      try {
        return await withSpan({ name: 'hold request' }, () => held.until(wake, limits.waitMs));
      } finally {
        giveBack();
      }
    },
  };
}

/** One request while it is held. */
class HeldRequest {
  readonly target: OperationTarget;
  readonly requestId: string;
  /** The wake is a request of who they are themselves, whomever they act as in there. */
  readonly caller: Caller;
  private readonly gateway: Deps;
  private readonly request: HoldableRequest;
  private readonly settled = Promise.withResolvers<ResolvedUpstream | undefined>();
  private isLooking = false;
  private isChanged = false;

  constructor(gateway: Deps, request: HoldableRequest, target: OperationTarget) {
    this.gateway = gateway;
    this.request = request;
    this.target = target;
    const { caller, id } = request;
    this.requestId = id;
    this.caller = caller.insideAs === undefined ? caller : { ...caller, identity: caller.insideAs };
  }

  /** Waits until it can be forwarded, or cannot. */
  async until(wake: Wake, waitMs: number): Promise<ResolvedUpstream | undefined> {
    const { gateway, request, settled } = this;
    const end = (why: HoldEnd): void => {
      this.ended(why, wake.operation).then(settled.reject, settled.reject);
    };
    const timer = setTimeout(() => end('time'), waitMs);
    request.onGone(() => settled.resolve(undefined));
    const aborted = (reason: Error): void => {
      if (reason instanceof PlatformError) settled.reject(reason);
      else end('stop');
    };
    const closed = gateway.streams.add(request.caller, aborted, request.recheck);
    const left = wake.add(this);
    try {
      return await settled.promise;
    } finally {
      clearTimeout(timer);
      left();
      closed();
    }
  }

  /** Looks whether it is awake now; authorized again, as the request would be if it came now. */
  changed(): void {
    this.isChanged = true;
    if (this.isLooking) return;
    this.isLooking = true;
    this.look().catch(this.settled.reject);
  }

  private async look(): Promise<void> {
    const { gateway, request, settled } = this;
    while (this.isChanged) {
      this.isChanged = false;
      const found = await resolve(gateway, request);
      if (found.sleeper !== undefined) this.checkMayWake(found.sleeper);
      else {
        await request.recheck().run();
        settled.resolve(found);
      }
    }
    this.isLooking = false;
  }

  failed(error: PlatformError): void {
    this.settled.reject(error);
  }

  wakeFailed(operation: Operation): void {
    this.gateway.metrics.notHeld('failed');
    this.mayRead()
      .then((isShown) => failedToWake(this.target, operation, isShown))
      .then(this.settled.reject, this.settled.reject);
  }

  async ended(why: HoldEnd, operation: Operation | undefined): Promise<PlatformError> {
    this.gateway.metrics.notHeld(why);
    return notHeld(this.target, why, { operation, isShown: await this.mayRead() });
  }

  /** @throws PlatformError `sleeping` for what only somebody who asks for it wakes */
  checkMayWake(sleeper: ManagedInstance): void {
    const until = forcedAsleepUntil(sleeper, new Date());
    if (until === undefined) return;
    this.gateway.metrics.notHeld('forced');
    const how =
      until === 'woken'
        ? ', and stays so until somebody wakes it (force-duration)'
        : `, and requests do not wake it before ${until.toISOString()} (force-duration)`;
    throw asleep(this.target, how);
  }

  private mayRead(): Promise<boolean> {
    return this.gateway.review.allows(this.caller.identity, targetAction('get', this.target));
  }
}

function resolve(gateway: Deps, { caller, target, method }: HoldableRequest): Promise<ResolvedUpstream> {
  return resolveUpstream(gateway, caller, target, method);
}

function observe({ metrics }: Pick<Gateway, 'metrics'>, room: HoldRoom): void {
  metrics.observe(
    'vcp_gateway_held_requests',
    'Requests that are held until what they are for is awake',
    'gauge',
    () => room.requests,
  );
  metrics.observe('vcp_gateway_held_requests_total', 'Requests that were held', 'counter', () => room.total);
}

function keyOf({ kind, project, name }: OperationTarget): string {
  return `${kind}/${project}/${name}`;
}
