import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import { annotations } from '../../../contracts/names.ts';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { createText as text } from '../../text/create.ts';
import { shellWord } from '../../components/shell-word.ts';
import { type Draft, unshownFields } from './draft.ts';
import { readParameters } from './parameter-values.ts';
import { secondsAsDuration } from './duration-units.ts';

/** The command that creates the same, without passwords: those are variables of the shell. */
export function createCommandOf(
  kind: ManagedKind,
  project: string,
  draft: Draft,
  declared: readonly AppParameter[],
): string {
  const name = draft.metadata.name || text.nameInCommand;
  if (needsManifest(kind, draft))
    return `vcp connect management\nkubectl create -f ${shellWord(`${name}.yaml`)}    # ${text.yamlBeside}`;
  const { spec } = draft;
  const given = draft.metadata.annotations ?? {};
  const words = [
    `vcp create ${kindNames[kind].command.name} ${shellWord(name)}`,
    option('--project', project),
    option('--template', spec.templateRef?.name),
    option('--template-version', spec.templateRef?.version),
    ...(spec.template === undefined ? [] : ['--values values.yaml']),
    ...parameterOptions(spec.parameters ?? '', declared),
    option('--cluster', spec.clusterRef?.cluster),
    option('--display-name', spec.displayName),
    option('--description', spec.description),
    option('--sleep-after', durationOf(given[annotations.sleepAfter])),
    option('--sleep-schedule', given[annotations.sleepSchedule]),
    option('--wakeup-schedule', given[annotations.wakeupSchedule]),
    option('--timezone', given[annotations.sleepTimezone]),
    option('--delete-after', durationOf(given[annotations.deleteAfter])),
  ].filter((word) => word !== undefined);
  return words.join(' \\\n  ');
}

/** Whether the resource says what `vcp create` has no option for. */
function needsManifest(kind: ManagedKind, draft: Draft): boolean {
  const { owner, extraAccessRules = [], templateRef, parameters } = draft.spec;
  const isOfTemplate = templateRef !== undefined || parameters !== undefined;
  return (
    owner !== undefined ||
    extraAccessRules.length > 0 ||
    unshownFields(draft).length > 0 ||
    (isOfTemplate && !consoleKinds[kind].createTakesTemplate)
  );
}

function option(name: string, value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : `${name} ${shellWord(value)}`;
}

function durationOf(seconds: string | undefined): string | undefined {
  return seconds === undefined ? undefined : secondsAsDuration(seconds);
}

/** `adminPassword` as `ADMIN_PASSWORD`. */
function shellVariable(variable: string): string {
  return variable
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/\W/g, '_')
    .toUpperCase();
}

function parameterOptions(parameters: string, declared: readonly AppParameter[]): string[] {
  const read = readParameters(parameters, declared);
  if ('fault' in read) return ['--parameters parameters.yaml'];
  return declared.flatMap(({ variable, type }) => {
    const value = read.values.get(variable);
    if (value === undefined || value === '') return [];
    if (type !== 'password') return [`--set-param ${shellWord(`${variable}=${value}`)}`];
    return [`--set-param ${variable}="$${shellVariable(variable)}"`];
  });
}
