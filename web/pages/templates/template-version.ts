import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { newestFirst } from '../../components/template-versions.ts';
import { yamlOf } from './template-yaml.ts';

/** One version of a template; of one without versions what it says itself, whose name is empty. */
export interface TemplateVersion {
  readonly version: string;
  readonly parameters: readonly AppParameter[];
  readonly definition: object;
}

/** All versions, the newest first. */
export function versionsIn({ spec = {} }: ManagedTemplate): TemplateVersion[] {
  const { versions = [], template, parameters = [] } = spec;
  const own = { version: '', parameters, definition: template ?? {} };
  if (versions.length === 0) return [own];
  const order = newestFirst(versions.map(({ version }) => version));
  return versions
    .map((one) => ({
      version: one.version,
      parameters: one.parameters ?? [],
      definition: one.template ?? {},
    }))
    .toSorted((a, b) => order.indexOf(a.version) - order.indexOf(b.version));
}

/** What a version says, to compare. */
export function yamlOfVersion({ parameters, definition }: TemplateVersion): string {
  return yamlOf({ parameters, template: definition });
}
