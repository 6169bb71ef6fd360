import type { ManagedKind } from '../../../contracts/kinds.ts';
import { annotations, isName, maxTenantNameLength } from '../../../contracts/names.ts';
import { parseCron } from '../../../domain/sleep/cron.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { createText as text } from '../../text/create.ts';
import type { Draft, SleepSettingName } from './draft.ts';
import { parameterFault } from './parameter-faults.ts';
import { readParameters } from './parameter-values.ts';
import type { FieldKey } from './refusal.ts';
import type { TemplateChoice } from './template-selection.ts';

type FieldFaults = Partial<Record<FieldKey, string>>;

/**
 * What the form can say by itself of a draft.
 * @param isDue whether what is missing counts already: not while somebody has yet to get there
 */
export function localFaults(
  kind: ManagedKind,
  draft: Draft,
  choice: TemplateChoice,
  isDue: boolean,
): FieldFaults {
  const found: [FieldKey, string | undefined][] = [
    ['name', nameFault(draft.metadata.name, isDue)],
    ['template', templateFault(kind, draft, choice, isDue)],
    ...parameterFaults(draft, choice, isDue),
    ...[annotations.sleepSchedule, annotations.wakeupSchedule].map(
      (setting): [FieldKey, string | undefined] => [`sleep:${setting}`, scheduleFault(draft, setting)],
    ),
  ];
  return Object.fromEntries(found.filter(([, fault]) => fault !== undefined));
}

function nameFault(name: string, isDue: boolean): string | undefined {
  if (name === '') return isDue ? text.nameMissing : undefined;
  return isName(name, maxTenantNameLength) ? undefined : text.nameFault(maxTenantNameLength);
}

function templateFault(
  kind: ManagedKind,
  { spec }: Draft,
  choice: TemplateChoice,
  isDue: boolean,
): string | undefined {
  if (choice.fault !== undefined) return choice.fault;
  const isMissing =
    consoleKinds[kind].hasOwnValues && choice.template === undefined && spec.template === undefined;
  return isDue && isMissing ? text.chooseTemplate : undefined;
}

function parameterFaults(
  { spec }: Draft,
  { parameters }: TemplateChoice,
  isDue: boolean,
): [FieldKey, string | undefined][] {
  const read = readParameters(spec.parameters ?? '', parameters);
  if ('fault' in read) return [];
  return parameters.map((parameter) => [
    `parameter:${parameter.variable}`,
    parameterFault(parameter, read.values.get(parameter.variable) ?? '', isDue),
  ]);
}

function scheduleFault({ metadata }: Draft, setting: SleepSettingName): string | undefined {
  const schedule = metadata.annotations?.[setting];
  if (schedule === undefined || schedule === '') return undefined;
  const read = parseCron(schedule);
  return 'fault' in read ? read.fault : undefined;
}
