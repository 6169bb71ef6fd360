import { type Condition, kstatusConditions } from '../../contracts/resources/condition.ts';
import { type ConditionState, withCondition, withoutCondition } from './conditions.ts';

/**
 * How far a resource is, in the words of kstatus (which kubectl, Flux and Argo CD read): `ready` is `Current` there,
 * `reconciling` is `InProgress`, `stalled` is `Failed`.
 */
export interface Readiness {
  readonly state: 'ready' | 'reconciling' | 'stalled';
  readonly reason: string;
  readonly message: string;
}

/**
 * `conditions` with what kstatus reads: `Ready` always, `Reconciling` and `Stalled` only while they are true, since any
 * other tool takes a condition of which it knows nothing for a good one. The same list if nothing changes.
 * @param now RFC 3339
 */
export function withReadiness(
  conditions: readonly Condition[] | undefined,
  { state, reason, message }: Readiness,
  now: string,
): readonly Condition[] {
  const { ready, reconciling, stalled } = kstatusConditions;
  const facts: Record<Readiness['state'], ConditionState[]> = {
    ready: [{ type: ready, status: 'True', reason, message }],
    reconciling: [
      { type: ready, status: 'Unknown', severity: 'Info', reason, message },
      { type: reconciling, status: 'True', severity: 'Info', reason, message },
    ],
    stalled: [
      { type: ready, status: 'False', severity: 'Error', reason, message },
      { type: stalled, status: 'True', severity: 'Error', reason, message },
    ],
  };
  const present = facts[state].reduce<readonly Condition[] | undefined>(
    (all, fact) => withCondition(all, fact, now),
    conditions,
  );
  return [reconciling, stalled]
    .filter((type) => facts[state].every((fact) => fact.type !== type))
    .reduce<readonly Condition[]>((all, type) => withoutCondition(all, type), present ?? []);
}
