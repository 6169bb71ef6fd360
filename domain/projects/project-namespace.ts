import { annotations, labels, projectNamespace } from '../../contracts/names.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { Project } from '../../contracts/resources/project.ts';
import { allowedTemplates, defaultTemplate } from '../instance-templates/template-choice.ts';

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

/** Whether the namespace of a project is there and says what the project says now: from then on it takes instances. */
export function isNamespaceUpToDate(
  namespace: { metadata: ObjectMeta } | undefined,
  project: Project,
): boolean {
  const { metadata } = namespace ?? {};
  if (metadata === undefined || metadata.deletionTimestamp !== undefined) return false;
  const wanted = projectNamespaceObject(project).metadata;
  const says = (
    present: Readonly<Record<string, string>> | undefined,
    all: Readonly<Record<string, string>>,
  ) => Object.entries(all).every(([name, value]) => present?.[name] === value);
  return says(metadata.annotations, wanted.annotations) && says(metadata.labels, wanted.labels);
}

/** Lists of names; `*` stands for all of them. */
function allowedBy(project: Project): Record<string, string> {
  return {
    [annotations.allowedTemplates]: listed(allowedTemplates('tenant', project)),
    [annotations.allowedSpaceTemplates]: listed(allowedTemplates('space', project)),
    [annotations.allowedClusters]: listed(project.spec?.allowedClusters),
    [annotations.defaultTemplate]: defaultTemplate('tenant', project) ?? '',
  };
}

/** Nothing is called by a name with a comma, so such an entry allows nothing. */
function listed(entries: readonly { name?: string }[] | undefined): string {
  if (entries === undefined) return '*';
  return entries.flatMap(({ name }) => (name && !name.includes(',') ? [name] : [])).join(',');
}
