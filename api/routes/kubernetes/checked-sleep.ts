import { PlatformError } from '../../../contracts/errors.ts';
import type { ManagedInstance, ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { type SleepDefinition, writtenInDefinition } from '../../../domain/sleep/sleep-values.ts';

type Written = ManagedInstance | ManagedTemplate;

/**
 * Refuses what an instance or a template says of sleep and nobody understands. What is stored already stays, and stands in the way
 * of nothing else.
 * @throws PlatformError `invalid_values`
 */
export function checkSleep(wanted: Written, before: Written | undefined): void {
  const known = before === undefined ? [] : faultsOf(before).map(({ fault }) => fault);
  const found = faultsOf(wanted).find(({ fault }) => !known.includes(fault));
  if (found === undefined) return;
  throw new PlatformError('invalid_values', found.fault, { details: { field: found.field } });
}

function faultsOf({ spec }: Written): { readonly field: string; readonly fault: string }[] {
  const given: {
    readonly template?: SleepDefinition;
    readonly versions?: readonly { template?: SleepDefinition }[];
  } = spec ?? {};
  const definitions = [
    ['spec.template', given.template],
    ...(given.versions ?? []).map(
      ({ template }, index) => [`spec.versions[${index}].template`, template] as const,
    ),
  ] as const;
  return definitions.flatMap(([field, definition]) =>
    Object.values(writtenInDefinition(definition ?? {})).flatMap((said) =>
      'fault' in said ? [{ field, fault: said.fault }] : [],
    ),
  );
}
