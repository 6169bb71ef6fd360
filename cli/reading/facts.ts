import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { Project } from '../../contracts/resources/project.ts';
import { type ManagedInstance, resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { readInstance } from './management.ts';
import { resourcePath } from './resources.ts';

/** What the platform knows of an instance and lets the caller see. */
export interface InstanceFacts extends OperationTarget {
  readonly resource: ManagedInstance;
  /** Newest first. */
  readonly operations: readonly Operation[];
  /** When they were read, in milliseconds since the epoch. */
  readonly now: number;
}

/** An Event of Kubernetes, of the group events.k8s.io. */
export interface KubernetesEvent {
  readonly metadata: { readonly creationTimestamp?: string };
  readonly eventTime?: string | null;
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
}

export const operationsShown = 10;

/** @throws CommandFailure */
export async function readFacts(client: Client, target: OperationTarget): Promise<InstanceFacts> {
  const { project, name } = target;
  const [resource, { items }] = await Promise.all([
    readInstance<ManagedKind>(client, target),
    client.api
      .of(target.kind)
      .listOperations({ params: { project, name }, query: { limit: String(operationsShown) } })
      .catch((error: unknown) => {
        // The resource's own answer says it better.
        if (error instanceof CommandFailure && error.code === kindNames[target.kind].notFound)
          return { items: [] };
        throw error;
      }),
  ]);
  return { ...target, resource, operations: items, now: Date.now() };
}

/** The project, if the caller may read it. */
export function readProject(client: Client, { project }: OperationTarget): Promise<Project | undefined> {
  return unlessRefused(client.call<Project>('GET', resourcePath('projects', project)));
}

/** Events about the instance, newest first; undefined if the caller may not read them. */
export function readEvents(
  client: Client,
  { kind, project, name }: OperationTarget,
): Promise<readonly KubernetesEvent[] | undefined> {
  return readEventsAbout(client, resourceKinds[kindNames[kind].plural].kind, name, projectNamespace(project));
}

/** Events about a resource, newest first; undefined if the caller may not read them. @param namespace undefined: it is in none */
export async function readEventsAbout(
  client: Client,
  kind: string,
  name: string,
  namespace?: string,
): Promise<readonly KubernetesEvent[] | undefined> {
  const selector = new URLSearchParams({ fieldSelector: `regarding.kind=${kind},regarding.name=${name}` });
  const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const path = `/kubernetes/management/apis/events.k8s.io/v1${place}/events?${selector}`;
  const found = await unlessRefused(client.call<{ items: KubernetesEvent[] }>('GET', path));
  return found?.items.toSorted((a, b) => timeOf(b).localeCompare(timeOf(a)));
}

export function timeOf({ eventTime, metadata }: KubernetesEvent): string {
  return eventTime ?? metadata.creationTimestamp ?? '';
}

function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof CommandFailure && (error.code === 'forbidden' || error.code === 'not_found'))
      return undefined;
    throw error;
  });
}
