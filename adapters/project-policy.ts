import { PlatformError } from '../contracts/errors.ts';
import type { ManagedKind } from '../contracts/kinds.ts';
import type { Project } from '../contracts/resources/project.ts';
import type { ManagedInstance } from '../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../domain/kinds/kinds.ts';
import type { PolicyBreach } from '../domain/projects/project-policy.ts';
import { callManagement } from './kubernetes/failures.ts';
import type { ManagementResources } from './kubernetes/resources.ts';

/**
 * Asks the project, as it is now, whether it allows what the instance is made of and where it is.
 * @param options `asMade`: it is made of nothing else; one from before templates were required names none, and wakes
 * @throws PlatformError `forbidden`, `project_not_found`, `management_unavailable`
 */
export async function checkPolicy(
  resources: ManagementResources,
  kind: ManagedKind,
  { project, instance, asMade }: { project: string; instance: ManagedInstance; asMade: boolean },
): Promise<void> {
  const breach = descriptorOf(kind).breach(await readProject(resources, project), instance);
  if (!(asMade && breach?.reason === 'TemplateRequired')) refuse(breach);
}

/** @throws PlatformError `forbidden` if there is one */
export function refuse(breach: PolicyBreach | undefined): void {
  if (breach !== undefined) throw new PlatformError('forbidden', breach.message);
}

async function readProject(resources: ManagementResources, name: string): Promise<Project> {
  const project = await callManagement(`reading project ${name}`, resources.projects.get({ name }));
  if (!project) throw new PlatformError('project_not_found', `project ${name} not found`);
  return project;
}
