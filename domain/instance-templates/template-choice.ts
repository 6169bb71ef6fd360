import { kindNames, kindOf, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import type { AllowedTemplate, Project } from '../../contracts/resources/project.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';

/** The entries of `allowedTemplates` that are about templates of `kind`; undefined without a list: all are allowed. */
export function allowedTemplates(kind: ManagedKind, project: Project): AllowedTemplate[] | undefined {
  return project.spec?.allowedTemplates?.filter((entry) => kindOfAllowed(entry) === kind);
}

/** Whether `project` allows the template; `*` means all. */
export function isTemplateAllowed(kind: ManagedKind, project: Project, template: string): boolean {
  const allowed = allowedTemplates(kind, project);
  return allowed === undefined || allowed.some(({ name }) => name === '*' || name === template);
}

/** The template that is to be used in `project` where none is named; undefined if the project has no default. */
export function defaultTemplate(kind: ManagedKind, project: Project): string | undefined {
  const chosen = allowedTemplates(kind, project)?.find(({ isDefault }) => isDefault === true);
  return chosen?.name && chosen.name !== '*' ? chosen.name : undefined;
}

/** Whether the instance says nothing of what it is made of. */
export function namesNoTemplate(instance: VirtualClusterInstance): boolean {
  return instance.spec?.template === undefined && !instance.spec?.templateRef?.name;
}

/** Of what an entry of `allowedTemplates` is about templates; undefined: of nothing that there is. */
export function kindOfAllowed({ kind: of }: AllowedTemplate): ManagedKind | undefined {
  return of ? managedKinds.find((kind) => kindNames[kind].templates.kind === of) : kindOf({});
}
