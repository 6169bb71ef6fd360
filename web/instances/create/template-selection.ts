import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { resolveTemplate } from '../../../domain/instance-templates/template-version.ts';
import type { UsableTemplates } from '../../server/project-subresources.ts';
import { createText as text } from '../../text/create.ts';
import { newestFirst, versionsOf } from '../../components/template-versions.ts';
import { type Draft, withSpec } from './draft.ts';
import { onlyDeclared } from './parameter-values.ts';

/** What a draft is made of. */
export interface TemplateChoice {
  readonly template: ManagedTemplate | undefined;
  /** Those of the version that is chosen. */
  readonly parameters: readonly AppParameter[];
  readonly fault: string | undefined;
}

/** The template and version that the draft names. */
export function choiceOf({ spec }: Draft, { templates }: UsableTemplates): TemplateChoice {
  const { name = '', version = '' } = spec.templateRef ?? {};
  if (name === '') return { template: undefined, parameters: [], fault: undefined };
  const template = templates.find(({ metadata }) => metadata.name === name);
  if (template === undefined) return { template, parameters: [], fault: text.missingTemplate(name) };
  const resolved = resolveTemplate<object>(template, version);
  return resolved === undefined
    ? { template, parameters: [], fault: text.missingVersion(version) }
    : { template, parameters: resolved.parameters, fault: undefined };
}

/** `draft` made of another template or version: of its parameters those stay that this one has too. */
export function withTemplate(draft: Draft, template: ManagedTemplate, version: string | undefined): Draft {
  const made = withSpec(draft, {
    template: undefined,
    templateRef: { name: template.metadata.name, ...(version === undefined ? {} : { version }) },
  });
  const declared = resolveTemplate<object>(template, version)?.parameters ?? [];
  return withSpec(made, { parameters: onlyDeclared(draft.spec.parameters ?? '', declared) });
}

/** Patterns that follow a template: one for each first number of its versions. */
export function patternsOf(template: ManagedTemplate): string[] {
  const majors = new Set(versionsOf(template).map((version) => /^v?(\d+)\./.exec(version)?.[1] ?? ''));
  return newestFirst([...majors].filter((major) => major !== '').map((major) => `${major}.x.x`));
}
