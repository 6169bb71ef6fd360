import type { KubeConfig } from '@kubernetes/client-node';
import { createInformer, type Informer } from '../adapters/kubernetes/informer.ts';
import { resourcePath, type Stored } from '../adapters/kubernetes/resources.ts';
import type { Logger } from '../adapters/logging.ts';
import { labels, lastApplied, platformNamespace } from '../contracts/names.ts';
import { kindNames, kindOfPlural, type ManagedKind } from '../contracts/kinds.ts';
import type { ObjectMeta } from '../contracts/resources/object-meta.ts';
import {
  type ManagedInstance,
  type ManagedTemplate,
  resourceKinds,
  type ResourceOf,
  type ResourcePlural,
} from '../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../domain/kinds/kinds.ts';
import { withQuietUses } from './quiet-uses.ts';

/** Metadata of an object whose content is of no interest. */
export interface MetadataOnly {
  readonly metadata: ObjectMeta;
}

/** What the controllers know of the management API. */
export type Caches = { readonly [P in ResourcePlural]: Informer<Stored<ResourceOf[P]>> } & {
  /** Namespaces of projects. */
  readonly namespaces: Informer<MetadataOnly>;
  /** Secrets of the platform's own namespace, without their content. */
  readonly platformSecrets: Informer<MetadataOnly>;
};

/** What the controllers know of the instances of a kind. */
export function instanceCache(caches: Caches, kind: ManagedKind): Informer<Stored<ManagedInstance>> {
  return caches[kindNames[kind].plural];
}

/** What the controllers know of the templates that instances of a kind are made of. */
export function templateCache(caches: Caches, kind: ManagedKind): Informer<Stored<ManagedTemplate>> {
  return caches[kindNames[kind].templates.plural];
}

/** The template that an instance is made of; undefined if it names none, or one that does not exist. */
export function templateOf(
  caches: Caches,
  kind: ManagedKind,
  instance: ManagedInstance,
): Stored<ManagedTemplate> | undefined {
  return templateCache(caches, kind).get(descriptorOf(kind).templateName(instance) ?? '');
}

/** What kubectl applied stands in it once more. */
function withoutLastApplied<T extends MetadataOnly>(object: T): T {
  const { [lastApplied]: _copy, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Starts an informer for everything that the controllers look at. */
export function createCaches(kubeConfig: KubeConfig, logger: Logger): Caches {
  const onFailure = (path: string) => (err: unknown) => logger.debug({ err, path }, 'the informer relists');
  const resources = <P extends ResourcePlural>(plural: P) => {
    const path = resourcePath(plural);
    const keep =
      kindOfPlural(plural) === undefined ? {} : { keep: withoutLastApplied<Stored<ResourceOf[P]>> };
    return createInformer<Stored<ResourceOf[P]>>({ kubeConfig, path, onFailure: onFailure(path), ...keep });
  };
  const metadata = (path: string, labelSelector?: string) =>
    createInformer<MetadataOnly>({
      kubeConfig,
      path,
      metadataOnly: true,
      onFailure: onFailure(path),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    });
  const plurals = Object.keys(resourceKinds) as ResourcePlural[];
  const byPlural = Object.fromEntries(
    plurals.map((plural) => {
      const informer = resources(plural);
      const isManaged = kindOfPlural(plural) !== undefined;
      return [plural, isManaged ? withQuietUses(informer as Informer<Stored<ManagedInstance>>) : informer];
    }),
  ) as unknown as { readonly [P in ResourcePlural]: Informer<Stored<ResourceOf[P]>> };
  return {
    ...byPlural,
    namespaces: metadata('/api/v1/namespaces', labels.project),
    platformSecrets: metadata(`/api/v1/namespaces/${platformNamespace}/secrets`),
  };
}
