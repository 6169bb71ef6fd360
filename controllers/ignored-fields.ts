import type { ResourceClient, Stored } from '../adapters/kubernetes/resources.ts';
import { fromObjectKey, type Informer } from '../adapters/kubernetes/informer.ts';
import { fieldsIgnoredCondition, type Condition } from '../contracts/resources/condition.ts';
import type { ObjectMeta } from '../contracts/resources/object-meta.ts';
import { type ResourcePlural, resourceKinds } from '../contracts/resources/resource-kinds.ts';
import { withCondition, withoutCondition } from '../domain/conditions.ts';
import { fieldsIgnored } from '../domain/ignored-fields.ts';
import { type Controller, type ControllerContext, resync } from './controller.ts';

interface AnyResource {
  metadata: ObjectMeta;
  spec?: unknown;
  status?: { conditions?: Condition[] };
}

/** Condition `FieldsIgnored`: names what a resource sets and the platform keeps without acting on it. */
export function ignoredFields({ caches, resources }: ControllerContext): Controller {
  return {
    name: 'ignored-fields',
    /** @param key plural, blank, key of the object */
    async reconcile(key) {
      const [plural, objectKey] = key.split(' ') as [ResourcePlural, string];
      const resource = (caches[plural] as Informer<Stored<AnyResource>>).get(objectKey);
      if (resource === undefined) return undefined;
      const fields = fieldsIgnored(plural, resource.spec);
      const before = resource.status?.conditions;
      const conditions =
        fields.length === 0
          ? withoutCondition(before, fieldsIgnoredCondition)
          : withCondition(before, ignoredCondition(fields), new Date().toISOString());
      if (
        conditions.length === (before?.length ?? 0) &&
        conditions.every((one, index) => one === before?.[index])
      )
        return resync;
      const client = resources[plural] as unknown as ResourceClient<AnyResource>;
      await client.patchStatus(fromObjectKey(objectKey), { conditions }, resource.metadata.resourceVersion);
      return resync;
    },
    watch(add) {
      for (const plural of Object.keys(resourceKinds) as ResourcePlural[]) {
        caches[plural].onChange((objectKey) => add(`${plural} ${objectKey}`));
      }
    },
  };
}

function ignoredCondition(fields: readonly string[]) {
  return {
    type: fieldsIgnoredCondition,
    status: 'True',
    severity: 'Info',
    reason: 'NotSupported',
    message: `Stored, but not used by this version of the platform: ${fields.join(', ')}`,
  } as const;
}
