import type { Condition } from '../../contracts/resources/condition.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { ResourcePlural } from '../../contracts/resources/resource-kinds.ts';
import type { ManagedPlural } from '../../contracts/kinds.ts';
import { type Readiness, withReadiness } from './readiness.ts';

/** Resources that are configuration: what has a lifecycle of operations is in present-status.ts. */
export type ConfigurationPlural = Exclude<ResourcePlural, ManagedPlural>;

interface Configuration {
  readonly metadata: ObjectMeta;
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly observedGeneration?: number;
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
  };
}

interface Signs {
  /** Conditions without which nothing can be said yet. */
  readonly awaited?: readonly string[];
  /** Conditions by which, if they are False, it does not do what it is for. */
  readonly needed?: readonly string[];
  /** Whether its phase says it. */
  readonly hasPhase?: true;
}

const signs: { readonly [P in ConfigurationPlural]: Signs } = {
  projects: {},
  clusters: { hasPhase: true },
  virtualclustertemplates: {},
  spacetemplates: {},
  users: {},
  teams: {},
  accesskeys: { awaited: ['OwnerExists'], needed: ['OwnerExists', 'ScopeUnderstood'] },
};

const ready: Readiness = { state: 'ready', reason: 'Ready', message: '' };

/**
 * The conditions of a resource with its readiness, as other controllers found it; undefined if they have not looked yet.
 * @param conditions that it shall have, beside its readiness
 * @param now RFC 3339
 * @param waitsFor what is not there yet without which it is of no use
 */
export function withConfigurationReadiness(
  plural: ConfigurationPlural,
  { metadata, status = {} }: Configuration,
  conditions: readonly Condition[] | undefined,
  now: string,
  waitsFor?: string,
): readonly Condition[] | undefined {
  const { awaited = [], needed = [], hasPhase } = signs[plural];
  const find = (type: string) => conditions?.find((one) => one.type === type);
  if (awaited.some((type) => find(type) === undefined)) return undefined;
  const fault = needed.map(find).find((one) => one?.status === 'False');
  const { reason = 'Failed', message = '' } = fault ?? {};
  const found = metadata.deletionTimestamp === undefined ? undefined : deletionOf(find('DeletionBlocked'));
  const byPhase = hasPhase ? phaseOf(status) : restOf(waitsFor);
  return withReadiness(
    conditions,
    found ?? (fault === undefined ? byPhase : { state: 'stalled', reason, message }),
    now,
  );
}

function restOf(waitsFor: string | undefined): Readiness {
  return waitsFor === undefined ? ready : { state: 'reconciling', reason: 'Pending', message: waitsFor };
}

function deletionOf(blocked: Condition | undefined): Readiness {
  const { message = '' } = blocked ?? {};
  return blocked === undefined
    ? { state: 'reconciling', reason: 'DeleteInProgress', message: 'It is being deleted' }
    : { state: 'reconciling', reason: 'DeletionBlocked', message };
}

function phaseOf({ phase = '', reason, message = '' }: NonNullable<Configuration['status']>): Readiness {
  if (phase === 'Initialized') return ready;
  return phase === 'Failed'
    ? { state: 'stalled', reason: reason || 'Failed', message }
    : { state: 'reconciling', reason: reason || 'Pending', message };
}
