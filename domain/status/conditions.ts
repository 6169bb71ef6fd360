import type { Condition } from '../../contracts/resources/condition.ts';

/** A condition without the time of its last change. */
export type ConditionState = Omit<Condition, 'lastTransitionTime'>;

/**
 * `conditions` with `state` in them; the same list if nothing changes. The transition time moves only when the
 * status does.
 * @param now RFC 3339
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  state: ConditionState,
  now: string,
): readonly Condition[] {
  const before = conditions?.find(({ type }) => type === state.type);
  const lastTransitionTime = before?.status === state.status ? (before.lastTransitionTime ?? now) : now;
  if (before !== undefined && isSame(before, { ...state, lastTransitionTime })) return conditions ?? [];
  const others = (conditions ?? []).filter(({ type }) => type !== state.type);
  return [...others, { ...state, lastTransitionTime }];
}

/** `conditions` without the one of `type`; the same list if there is none. */
export function withoutCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): readonly Condition[] {
  if (conditions === undefined || !conditions.some((condition) => condition.type === type))
    return conditions ?? [];
  return conditions.filter((condition) => condition.type !== type);
}

/** What a condition says: a problem (status False), or that there is none. */
type Finding = Partial<Pick<Condition, 'status'>> & Omit<ConditionState, 'type' | 'status'>;

/**
 * `conditions` with what was found; the same list if nothing changes.
 * @param findings by the condition's type; undefined: the condition is not there
 * @param now RFC 3339
 */
export function withFindings(
  conditions: readonly Condition[],
  findings: Readonly<Record<string, Finding | undefined>>,
  now: string,
): readonly Condition[] {
  return Object.entries(findings).reduce<readonly Condition[]>(
    (all, [type, finding]) =>
      finding === undefined
        ? withoutCondition(all, type)
        : withCondition(all, { type, status: 'False', ...finding }, now),
    conditions,
  );
}

function isSame(a: Condition, b: Condition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    (a.severity ?? '') === (b.severity ?? '') &&
    a.lastTransitionTime === b.lastTransitionTime
  );
}
