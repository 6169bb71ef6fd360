import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import { instanceResources } from '../../adapters/kubernetes/resources.ts';
import { type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { type ConditionState, withCondition, withoutCondition } from '../../domain/status/conditions.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { type PolicyBreach, requiresTemplate } from '../../domain/project-policy.ts';
import { instanceCache } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

const type = 'AllowedByProject';
/**
 * Condition `AllowedByProject`, False on tenant clusters and spaces that their project does not allow (any more): what
 * runs goes on, and the condition says what will not be done.
 */
export function projectPolicies({ caches, resources }: ControllerContext): Controller {
  function stateOf(
    kind: ManagedKind,
    instance: ManagedInstance,
    project: Project,
  ): ConditionState | undefined {
    const descriptor = descriptorOf(kind);
    if (descriptor.hasInlineTemplate(instance) && requiresTemplate(project)) return inline(project);
    return notAllowed(descriptor.breach(project, instance));
  }

  return {
    name: 'project-policies',
    /** @param id kind, blank, key of the object */
    async reconcile(id) {
      const [kind, key] = id.split(' ') as [ManagedKind, string];
      const instance = instanceCache(caches, kind).get(key);
      const project = caches.projects.get(projectOfNamespace(fromObjectKey(key).namespace ?? '') ?? '');
      if (instance === undefined || project === undefined) return undefined;
      const state = stateOf(kind, instance, project);
      const before = instance.status?.conditions ?? [];
      const conditions =
        state === undefined
          ? withoutCondition(before, type)
          : withCondition(before, state, new Date().toISOString());
      if (conditions === before) return resync;
      await instanceResources(resources, kind).patchStatus(
        fromObjectKey(key),
        { conditions },
        instance.metadata.resourceVersion,
      );
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

function notAllowed(breach: PolicyBreach | undefined): ConditionState | undefined {
  if (breach === undefined) return undefined;
  const { reason, message } = breach;
  return {
    type,
    status: 'False',
    severity: 'Warning',
    reason,
    message: `${message}. It keeps running, but is not ${reason === 'TemplateRequired' ? 'placed or updated' : 'placed, updated or woken'}`,
  };
}

function inline({ metadata: { name } }: Project): ConditionState {
  return {
    type,
    status: 'False',
    severity: 'Info',
    reason: 'InlineTemplate',
    message: `Project ${name} requires a template (spec.requireTemplate), and this tenant cluster has an inline one. It stays; changing it requires the right to create virtualclusterinstances/restricted`,
  };
}
