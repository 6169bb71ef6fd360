import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import { type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf, withDefaults } from '../../domain/kinds/kinds.ts';
import { type PolicyBreach, requiresTemplate } from '../../domain/projects/project-policy.ts';
import { instanceCache } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { type Problem, setConditions } from './instance-conditions.ts';

/**
 * Condition `AllowedByProject`, False on tenant clusters and spaces that their project does not allow (any more): what
 * runs goes on, and the condition says what will not be done.
 */
export function projectPolicies(context: ControllerContext): Controller {
  const { caches } = context;
  return {
    name: 'project-policies',
    /** @param id kind, blank, key of the object */
    async reconcile(id) {
      const [kind, key] = id.split(' ') as [ManagedKind, string];
      const instance = instanceCache(caches, kind).get(key);
      const project = caches.projects.get(projectOfNamespace(fromObjectKey(key).namespace ?? '') ?? '');
      if (instance === undefined || project === undefined) return undefined;
      const complete = withDefaults(kind, instance, project);
      await setConditions(context, kind, instance, { AllowedByProject: problemOf(kind, complete, project) });
      return resync;
    },
    watch(add) {
      for (const kind of managedKinds) instanceCache(caches, kind).onChange((key) => add(`${kind} ${key}`));
      caches.projects.onChange((name) => {
        for (const kind of managedKinds)
          for (const { metadata } of instanceCache(caches, kind).list())
            if (projectOfNamespace(metadata.namespace ?? '') === name) add(`${kind} ${objectKey(metadata)}`);
      });
    },
  };
}

function problemOf(kind: ManagedKind, instance: ManagedInstance, project: Project): Problem | undefined {
  const descriptor = descriptorOf(kind);
  if (descriptor.hasInlineTemplate(instance) && requiresTemplate(project)) return inline(project);
  return notAllowed(descriptor.breach(project, instance));
}

function notAllowed(breach: PolicyBreach | undefined): Problem | undefined {
  if (breach === undefined) return undefined;
  const { reason, message } = breach;
  return {
    severity: 'Warning',
    reason,
    message: `${message}. It keeps running, but is not ${reason === 'TemplateRequired' ? 'placed or updated' : 'placed, updated or woken'}`,
  };
}

function inline({ metadata: { name } }: Project): Problem {
  return {
    severity: 'Info',
    reason: 'InlineTemplate',
    message: `Project ${name} requires a template (spec.requireTemplate), and this tenant cluster has an inline one. It stays; changing it requires the right to create virtualclusterinstances/restricted`,
  };
}
