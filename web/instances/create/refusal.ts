import { RequestFailure } from '../../server/problem.ts';
import { type SleepSettingName, sleepSettings } from './draft.ts';

/** A field of the form that something can be wrong with. */
export type FieldKey =
  | 'name'
  | 'template'
  | 'cluster'
  | 'owner'
  | `parameter:${string}`
  | `sleep:${SleepSettingName}`;

/** What is wrong, at the fields that it is about; `rest` is about none of them. */
export interface Faults {
  readonly fields: Readonly<Partial<Record<FieldKey, string>>>;
  readonly rest: string | undefined;
}

export const noFaults: Faults = { fields: {}, rest: undefined };

/** What the platform says about a resource that it would not take, in its own words. */
export function refusalOf(error: Error | null): Faults {
  if (error === null) return noFaults;
  const field = fieldOf(error);
  return field === undefined
    ? { fields: {}, rest: error.message }
    : { fields: { [field]: error.message }, rest: undefined };
}

function fieldOf(error: Error): FieldKey | undefined {
  const { message } = error;
  const parameter = /\bparameter "([^"]+)"/.exec(message)?.[1];
  if (parameter !== undefined) return `parameter:${parameter}`;
  const setting = sleepSettings.find((name) => message.includes(name));
  if (setting !== undefined) return `sleep:${setting}`;
  const paths = error instanceof RequestFailure ? error.fields.map(({ path }) => path) : [];
  if (error instanceof RequestFailure && error.code === 'AlreadyExists') return 'name';
  if (paths.includes('metadata.name') || /name is too long/.test(message)) return 'name';
  if (paths.some((path) => path.startsWith('spec.owner'))) return 'owner';
  if (paths.some((path) => path.startsWith('spec.clusterRef')) || /does not allow cluster/.test(message))
    return 'cluster';
  if (
    paths.some((path) => path.startsWith('spec.templateRef')) ||
    /\btemplate \S+( \(spec\.allowedTemplates\)|: that needs verb use)/.test(message)
  )
    return 'template';
  return undefined;
}
