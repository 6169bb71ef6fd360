import type { LabelRequirement, LabelSelector } from '../../contracts/resources/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * The first requirement of `selector` that `labels` do not meet, as kubectl writes it; undefined if they meet all. As in
 * Kubernetes, NotIn is met by what does not have the label.
 */
export function unmetRequirement(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Labels = {},
): string | undefined {
  const label = Object.entries(matchLabels).find(([key, value]) => valueOf(labels, key) !== value);
  if (label !== undefined) return label.join('=');
  const requirement = matchExpressions.find((one) => !isMet(one, labels));
  return requirement && textOf(requirement);
}

function isMet({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean {
  const value = valueOf(labels, key);
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  return (operator === 'Exists') === (value !== undefined);
}

function textOf({ key, operator, values = [] }: LabelRequirement): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
}

/** Not what every object inherits. */
function valueOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
