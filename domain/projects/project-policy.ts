import type { ManagedKind } from '../../contracts/kinds.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { knownPlace } from '../placement/known-place.ts';
import { isClusterAllowed } from '../placement/placement.ts';
import { isTemplateAllowed, namesNoTemplate } from '../instance-templates/template-choice.ts';

/** Why a project does not allow what one of its tenant clusters or spaces is made of, or where it is. */
export interface PolicyBreach {
  readonly reason: 'TemplateNotAllowed' | 'TemplateRequired' | 'ClusterNotAllowed';
  /** One sentence without a full stop. */
  readonly message: string;
}

/**
 * What `project` does not allow of a tenant cluster; undefined if it allows everything. An inline template is none
 * of it: who may write one, admission decides when it is written (deploy/management/policy-instances.yaml).
 */
export function tenantBreach(project: Project, instance: VirtualClusterInstance): PolicyBreach | undefined {
  const breach = templateBreach('tenant', project, instance);
  if (breach !== undefined) return breach;
  if (namesNoTemplate(instance) && requiresTemplate(project)) {
    return {
      reason: 'TemplateRequired',
      message: `project ${project.metadata.name} requires a template (spec.requireTemplate): set spec.templateRef.name`,
    };
  }
  return clusterBreach(project, knownPlace(instance).cluster);
}

/** Whether something of `kind` may be made of the template that it names, as far as `project` says. */
export function templateBreach(
  kind: ManagedKind,
  project: Project,
  { spec }: Pick<ManagedInstance, 'spec'>,
): PolicyBreach | undefined {
  const template = spec?.templateRef?.name;
  if (!template || isTemplateAllowed(kind, project, template)) return undefined;
  const message = `project ${project.metadata.name} does not allow template ${template} (spec.allowedTemplates)`;
  return { reason: 'TemplateNotAllowed', message };
}

/** Whether the project lets nothing be made without a named template. */
export function requiresTemplate(project: Project): boolean {
  return project.spec?.requireTemplate?.disabled !== true;
}

/** Whether something may be in `cluster`, as far as `project` says. */
export function clusterBreach(project: Project, cluster: string | undefined): PolicyBreach | undefined {
  if (!cluster || isClusterAllowed(project, cluster)) return undefined;
  return {
    reason: 'ClusterNotAllowed',
    message: `project ${project.metadata.name} does not allow cluster ${cluster} (spec.allowedClusters)`,
  };
}
