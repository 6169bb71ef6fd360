import { applyObject } from '../../adapters/kubernetes/apply-object.ts';
import { isNotFound } from '../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { keepProjectKey } from '../../adapters/snapshots/project-key.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import {
  cleanupFinalizer,
  fieldManagers,
  projectNamespace,
  projectOfNamespace,
} from '../../contracts/names.ts';
import type { Project } from '../../contracts/resources/project.ts';
import { bindRecordsOfProject } from '../../db/queries/project-records.ts';
import { withCondition } from '../../domain/status/conditions.ts';
import { projectNamespaceObject } from '../../domain/projects/project-namespace.ts';
import { instanceCache } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/** Namespace `p-<project>` of every project; a project is only removed once its tenant clusters and spaces are. */
export function projects(context: ControllerContext): Controller {
  const { caches, client, resources, operations } = context;
  /** uids of projects whose older records carry them by now. */
  const bound = new Set<string>();

  async function reconcile(name: string): Promise<Requeue | undefined> {
    const project = caches.projects.get(name);
    if (project === undefined) return undefined;
    if (project.metadata.deletionTimestamp !== undefined) return remove(project);
    const finalizers = project.metadata.finalizers ?? [];
    if (!finalizers.includes(cleanupFinalizer)) {
      await patchFinalizers(project, [...finalizers, cleanupFinalizer]);
    }
    await applyObject(client.kubeConfig, projectNamespaceObject(project), fieldManagers.controllers);
    if (!bound.has(project.metadata.uid)) await bindRecords(project);
    return resync;
  }

  async function remove(project: Stored<Project>): Promise<Requeue | undefined> {
    const finalizers = project.metadata.finalizers ?? [];
    if (!finalizers.includes(cleanupFinalizer)) return undefined;
    const namespace = projectNamespace(project.metadata.name);
    // Asked again: a cache that lags would let a new tenant cluster go down with the namespace unseen.
    const left = await namesIn(namespace);
    if (left.length > 0) {
      await sayBlocked(project, left);
      return resync;
    }
    // What outlives it: its snapshots, and what they are sealed with.
    await bindRecords(project);
    await keepProjectKey(client, { project: project.metadata.name, uid: project.metadata.uid });
    await requestJson(client.kubeConfig, { method: 'DELETE', path: `/api/v1/namespaces/${namespace}` }).catch(
      unlessGone,
    );
    await patchFinalizers(
      project,
      finalizers.filter((finalizer) => finalizer !== cleanupFinalizer),
    );
    return undefined;
  }

  async function bindRecords({ metadata: { name, uid, creationTimestamp } }: Stored<Project>): Promise<void> {
    const since = new Date(creationTimestamp);
    await operations.database.query((db) => bindRecordsOfProject(db, { name, uid, since }));
    bound.add(uid);
  }

  async function namesIn(namespace: string): Promise<string[]> {
    const lists = await Promise.all(
      managedKinds.map(async (kind) => {
        const instances = await instanceResources(resources, kind).list(namespace);
        return instances.map(({ metadata }) => `${kindNames[kind].noun} ${metadata.name}`);
      }),
    );
    return lists.flat();
  }

  async function sayBlocked(project: Stored<Project>, names: readonly string[]): Promise<void> {
    const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
    const condition = {
      type: 'DeletionBlocked',
      status: 'True',
      reason: 'TenantClustersExist',
      message: `The project is deleted once its ${managedKinds.map((kind) => `${kindNames[kind].noun}s`).join(' and ')} are: ${shown}`,
    } as const;
    const conditions = withCondition(project.status?.conditions, condition, new Date().toISOString());
    if (conditions === project.status?.conditions) return;
    await resources.projects.patchStatus(
      { name: project.metadata.name },
      { conditions },
      project.metadata.resourceVersion,
    );
  }

  async function patchFinalizers(
    { metadata: { name, resourceVersion } }: Stored<Project>,
    finalizers: readonly string[],
  ): Promise<void> {
    await resources.projects.patch({ name }, { metadata: { finalizers, resourceVersion } });
  }

  return {
    name: 'projects',
    reconcile,
    watch(add) {
      caches.projects.onChange(add);
      const addByNamespace = (namespace: string) => {
        const project = projectOfNamespace(namespace);
        if (project !== undefined) add(project);
      };
      caches.namespaces.onChange(addByNamespace);
      for (const kind of managedKinds) {
        const cache = instanceCache(caches, kind);
        cache.onChange((key) => {
          // Only the last one's end matters, not every change.
          if (cache.get(key) === undefined) addByNamespace(key.split('/')[0] ?? '');
        });
      }
    },
  };
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
