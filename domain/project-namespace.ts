import { annotations, labels, projectNamespace } from '../contracts/names.ts';
import type { AllowedTemplate, Project } from '../contracts/resources/project.ts';
import { defaultTemplate, isOfTenantClusters } from './template-choice.ts';

/**
 * Namespace `p-<project>` as it is kept. Its annotations say what the project allows, for the policies that ask at
 * admission (deploy/management/policy-allowed.yaml, policy-instances.yaml): a policy that took the project itself as
 * a parameter would refuse everything for half a minute after a restart of the API server.
 */
export function projectNamespaceObject(project: Project) {
  const { metadata } = project.spec?.namespaceTemplate ?? {};
  const requireTemplate = project.spec?.requireTemplate?.disabled !== true;
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: projectNamespace(project.metadata.name),
      annotations: { ...metadata?.annotations, ...allowedBy(project) },
      labels: {
        ...metadata?.labels,
        [labels.project]: project.metadata.name,
        [labels.requireTemplate]: String(requireTemplate),
      },
    },
  };
}

/** Lists of names; `*` stands for all of them. */
function allowedBy(project: Project): Record<string, string> {
  const { allowedTemplates, allowedClusters } = project.spec ?? {};
  const ofSpaces = ({ kind }: AllowedTemplate) => kind === 'SpaceTemplate';
  return {
    [annotations.allowedTemplates]: listed(allowedTemplates?.filter(isOfTenantClusters)),
    [annotations.allowedSpaceTemplates]: listed(allowedTemplates?.filter(ofSpaces)),
    [annotations.allowedClusters]: listed(allowedClusters),
    [annotations.defaultTemplate]: defaultTemplate(project) ?? '',
  };
}

/** Nothing is called by a name with a comma, so such an entry allows nothing. */
function listed(entries: readonly { name?: string }[] | undefined): string {
  if (entries === undefined) return '*';
  return entries.flatMap(({ name }) => (name && !name.includes(',') ? [name] : [])).join(',');
}
