import { PlatformError } from '../contracts/errors.ts';
import type { Project } from '../contracts/resources/project.ts';
import type { SpaceInstance } from '../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';
import { type PolicyBreach, spaceBreach, tenantBreach } from '../domain/project-policy.ts';
import { kubernetesFailure } from './kubernetes/failures.ts';
import type { ManagementResources } from './kubernetes/resources.ts';

/**
 * Asks the project, as it is now, whether it allows what the tenant cluster is made of and where it is.
 * @param options `asMade`: it is made of nothing else; one from before templates were required names none, and wakes
 * @throws PlatformError `forbidden`, `project_not_found`, `management_unavailable`
 */
export async function checkTenantPolicy(
  resources: ManagementResources,
  project: string,
  instance: VirtualClusterInstance,
  { asMade }: { asMade: boolean },
): Promise<void> {
  const breach = tenantBreach(await readProject(resources, project), instance);
  if (!(asMade && breach?.reason === 'TemplateRequired')) refuse(breach);
}

/** As {@link checkTenantPolicy}, for a space. */
export async function checkSpacePolicy(
  resources: ManagementResources,
  project: string,
  space: SpaceInstance,
): Promise<void> {
  refuse(spaceBreach(await readProject(resources, project), space));
}

/** @throws PlatformError `forbidden` if there is one */
export function refuse(breach: PolicyBreach | undefined): void {
  if (breach !== undefined) throw new PlatformError('forbidden', breach.message);
}

async function readProject(resources: ManagementResources, name: string): Promise<Project> {
  const project = await resources.projects.get({ name }).catch((error: unknown) => {
    throw kubernetesFailure(`reading project ${name}`, error, 'management_unavailable');
  });
  if (!project) throw new PlatformError('project_not_found', `There is no project ${name}`);
  return project;
}
