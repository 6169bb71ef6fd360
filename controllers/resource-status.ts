import type { ResourceClient, Stored } from '../adapters/kubernetes/resources.ts';
import { fromObjectKey, type Informer } from '../adapters/kubernetes/informer.ts';
import { projectNamespace, projectOfNamespace } from '../contracts/names.ts';
import { managedPlurals } from '../contracts/kinds.ts';
import { fieldsIgnoredCondition, type Condition } from '../contracts/resources/condition.ts';
import type { ObjectMeta } from '../contracts/resources/object-meta.ts';
import {
  type ResourceOf,
  type ResourcePlural,
  resourceKinds,
} from '../contracts/resources/resource-kinds.ts';
import { isNamespaceUpToDate } from '../domain/projects/project-namespace.ts';
import { withCondition, withoutCondition } from '../domain/status/conditions.ts';
import { fieldsIgnored, ignoredCondition } from '../domain/ignored-fields.ts';
import {
  type ConfigurationPlural,
  withConfigurationReadiness,
} from '../domain/status/configuration-readiness.ts';
import { type Controller, type ControllerContext, resync } from './controller.ts';

interface AnyResource {
  metadata: ObjectMeta;
  spec?: unknown;
  status?: { conditions?: Condition[]; observedGeneration?: number };
}

/**
 * What the status of every resource says: condition `FieldsIgnored` names what it sets and the platform keeps without
 * acting on it, annotations and labels too. Those without operations also say that their newest spec was seen, and whether they are ready
 * (instances/instance-status.ts says it of the others).
 */
export function resourceStatus({ caches, resources }: ControllerContext): Controller {
  /** A project takes instances once its namespace is there and says what the project allows. */
  function missingOf(plural: ResourcePlural, objectKey: string): string | undefined {
    const project = plural === 'projects' ? caches.projects.get(objectKey) : undefined;
    if (project === undefined) return undefined;
    const namespace = projectNamespace(objectKey);
    const isThere = isNamespaceUpToDate(caches.namespaces.get(namespace), project);
    return isThere ? undefined : `Waits for namespace ${namespace}`;
  }

  return {
    name: 'resource-status',
    /** @param key plural, blank, key of the object */
    async reconcile(key) {
      const [plural, objectKey] = key.split(' ') as [ResourcePlural, string];
      const resource = (caches[plural] as Informer<Stored<AnyResource>>).get(objectKey);
      if (resource === undefined) return undefined;
      const { metadata, status = {} } = resource;
      const now = new Date().toISOString();
      const conditions = withIgnored(plural, resource, now);
      const ready = isConfiguration(plural)
        ? withConfigurationReadiness(plural, resource, conditions, now, missingOf(plural, objectKey))
        : undefined;
      const wanted = {
        conditions: ready ?? conditions,
        observedGeneration: ready === undefined ? status.observedGeneration : metadata.generation,
      };
      const before = status.conditions ?? [];
      const isSame = wanted.conditions === before || wanted.conditions.length + before.length === 0;
      if (isSame && wanted.observedGeneration === status.observedGeneration) return resync;
      const client = resources[plural] as unknown as ResourceClient<AnyResource>;
      await client.patchStatus(fromObjectKey(objectKey), wanted, metadata.resourceVersion);
      return resync;
    },
    watch(add) {
      for (const plural of Object.keys(resourceKinds) as ResourcePlural[]) {
        caches[plural].onChange((objectKey) => add(`${plural} ${objectKey}`));
      }
      caches.namespaces.onChange((namespace) => {
        const project = projectOfNamespace(namespace);
        if (project !== undefined) add(`projects ${project}`);
      });
    },
  };
}

function withIgnored(plural: ResourcePlural, resource: AnyResource, now: string): readonly Condition[] {
  const fields = fieldsIgnored(plural, resource as ResourceOf[ResourcePlural]);
  const before = resource.status?.conditions;
  return fields.length === 0
    ? withoutCondition(before, fieldsIgnoredCondition)
    : withCondition(before, ignoredCondition(fields), now);
}

function isConfiguration(plural: ResourcePlural): plural is ConfigurationPlural {
  return !(managedPlurals as readonly ResourcePlural[]).includes(plural);
}
