import type { Project } from '../contracts/resources/project.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';

/** Whether `project` allows the template; without a list all are allowed, `*` means all. */
export function isTemplateAllowed(project: Project, template: string): boolean {
  const allowed = project.spec?.allowedTemplates;
  if (allowed === undefined) return true;
  return allowed.filter(isOfTenantClusters).some(({ name }) => name === '*' || name === template);
}

/** The template that a new tenant cluster of `project` gets if it names none; undefined if the project has no default. */
export function defaultTemplate(project: Project): string | undefined {
  const chosen = project.spec?.allowedTemplates
    ?.filter(isOfTenantClusters)
    .find(({ isDefault }) => isDefault === true);
  return chosen?.name && chosen.name !== '*' ? chosen.name : undefined;
}

/** Whether the instance says nothing of what it is made of. */
export function namesNoTemplate(instance: VirtualClusterInstance): boolean {
  return instance.spec?.template === undefined && !instance.spec?.templateRef?.name;
}

/** Whether an entry of `allowedTemplates` is about templates of tenant clusters; without a kind it is. */
export function isOfTenantClusters({ kind }: { kind?: string }): boolean {
  return kind === undefined || kind === '' || kind === 'VirtualClusterTemplate';
}
