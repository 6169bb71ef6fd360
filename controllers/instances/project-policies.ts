import { fromObjectKey, type Informer, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { ResourceClient, Stored } from '../../adapters/kubernetes/resources.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { Project } from '../../contracts/resources/project.ts';
import { type ConditionState, withCondition, withoutCondition } from '../../domain/conditions.ts';
import {
  isInlineAgainstPolicy,
  type PolicyBreach,
  spaceBreach,
  tenantBreach,
} from '../../domain/project-policy.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

const type = 'AllowedByProject';
const kinds = ['virtualclusterinstances', 'spaceinstances'] as const;
type Kind = (typeof kinds)[number];

interface Instance {
  metadata: ObjectMeta;
  status?: { conditions?: Condition[] };
}

/**
 * Condition `AllowedByProject`, False on tenant clusters and spaces that their project does not allow (any more): what
 * runs goes on, and the condition says what will not be done.
 */
export function projectPolicies({ caches, resources }: ControllerContext): Controller {
  function stateOf(kind: Kind, key: string, project: Project): ConditionState | undefined {
    if (kind === 'spaceinstances') {
      const space = caches.spaceinstances.get(key);
      return notAllowed(space && spaceBreach(project, space));
    }
    const instance = caches.virtualclusterinstances.get(key);
    if (instance === undefined) return undefined;
    if (isInlineAgainstPolicy(project, instance)) return inline(project);
    return notAllowed(tenantBreach(project, instance));
  }

  return {
    name: 'project-policies',
    /** @param id plural, blank, key of the object */
    async reconcile(id) {
      const [kind, key] = id.split(' ') as [Kind, string];
      const instance = (caches[kind] as Informer<Stored<Instance>>).get(key);
      const project = caches.projects.get(projectOfNamespace(fromObjectKey(key).namespace ?? '') ?? '');
      if (instance === undefined || project === undefined) return undefined;
      const state = stateOf(kind, key, project);
      const before = instance.status?.conditions ?? [];
      const conditions =
        state === undefined
          ? withoutCondition(before, type)
          : withCondition(before, state, new Date().toISOString());
      if (conditions === before) return resync;
      const client = resources[kind] as unknown as ResourceClient<Instance>;
      await client.patchStatus(fromObjectKey(key), { conditions }, instance.metadata.resourceVersion);
      return resync;
    },
    watch(add) {
      for (const kind of kinds) caches[kind].onChange((key) => add(`${kind} ${key}`));
      caches.projects.onChange((name) => {
        for (const kind of kinds)
          for (const { metadata } of caches[kind].list())
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
    message: `${message}. What runs goes on; it is not ${reason === 'TemplateRequired' ? 'placed or updated' : 'placed, updated or woken'}`,
  };
}

function inline({ metadata: { name } }: Project): ConditionState {
  return {
    type,
    status: 'False',
    severity: 'Info',
    reason: 'InlineTemplate',
    message: `Project ${name} requires a template (spec.requireTemplate), and this tenant cluster has an inline one. It stays; only who may create virtualclusterinstances/restricted changes it`,
  };
}
