import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { kindNames } from '../../contracts/kinds.ts';
import type { InstanceName } from './instances.ts';
import { isRefusal, RequestFailure } from './problem.ts';
import { send, sendForAnswer } from './send.ts';
import {
  type AnyObject,
  collectionPath,
  type ObjectAt,
  objectPathInside,
  type ObjectType,
  typeName,
} from './kubernetes-objects.ts';
import { asTable, type KubernetesTable, type KubernetesTableOrList } from './kubernetes-table.ts';

/** The Kubernetes API of a tenant cluster, or of a space, through the gateway. */
export interface TenantApi {
  readonly target: InstanceName;
  /** Path that its own paths are appended to. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the keys of its queries begin with. */
  readonly key: readonly string[];
  /** The one namespace that there is, of a space. */
  readonly onlyNamespace: string | undefined;
}

const fieldManager = 'vcluster-platform-console';
const rowsInPage = 500;

/**
 * Lists are read again by polling, and only while the tab is seen: a watch would hold one more stream open per list and tab,
 * and the API server's Table is cheap to ask for again. A list of several pages is read again less often.
 */
const listAgainMs = 5_000;
const longListAgainMs = 30_000;

/**
 * @param counts whether its requests are use of it: they wake it, and keep it awake. Else it does not notice them
 * (`X-Sleep-Mode-Ignore`, as the console of vCluster Platform has it)
 */
export function tenantApi(
  target: InstanceName,
  { counts, onlyNamespace }: { counts: boolean; onlyNamespace?: string | undefined },
): TenantApi {
  const { kind, project, name } = target;
  return {
    target,
    base: `/kubernetes/project/${encodeURIComponent(project)}/${kindNames[kind].segment}/${encodeURIComponent(name)}`,
    headers: counts ? {} : { 'x-sleep-mode-ignore': 'true' },
    key: ['tenant-api', kind, project, name],
    onlyNamespace,
  };
}

/** What was answered is not asked again at once. */
function retry(count: number, error: Error): boolean {
  return !(error instanceof RequestFailure) && count < 3;
}

function readTable(api: TenantApi, path: string, signal: AbortSignal): Promise<KubernetesTable> {
  return send<KubernetesTableOrList>({
    path: `${api.base}${path}`,
    headers: { ...api.headers, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    signal,
  }).then(asTable);
}

/** Objects of a kind as the API server's own table. @param namespace undefined: of all namespaces */
export function tableQuery(api: TenantApi, type: ObjectType, namespace: string | undefined) {
  return infiniteQueryOptions({
    queryKey: [...api.key, 'table', typeName(type), namespace ?? ''] as const,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const more = pageParam === undefined ? '' : `&continue=${encodeURIComponent(pageParam)}`;
      return readTable(api, `${collectionPath(type, namespace)}?limit=${rowsInPage}${more}`, signal);
    },
    getNextPageParam: ({ metadata }) => metadata?.continue || undefined,
    retry,
    refetchInterval: ({ state: { data, error } }) =>
      isRefusal(error) ? false : (data?.pages.length ?? 1) > 1 ? longListAgainMs : listAgainMs,
  });
}

/** Events of one object, as a table. */
export function eventsQuery(api: TenantApi, object: AnyObject) {
  const { name, namespace } = object.metadata;
  const selector = `involvedObject.name=${name},involvedObject.kind=${object.kind ?? ''}`;
  const inside = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return queryOptions({
    queryKey: [...api.key, 'events-of', object.kind ?? '', namespace ?? '', name] as const,
    queryFn: ({ signal }) =>
      readTable(
        api,
        `/api/v1${inside}/events?limit=200&fieldSelector=${encodeURIComponent(selector)}`,
        signal,
      ),
    retry,
    refetchInterval: ({ state: { error } }) => (isRefusal(error) ? false : listAgainMs),
  });
}

/** One object as it is. Forgotten when nothing shows it: it may be a Secret. */
export function tenantObjectQuery(api: TenantApi, at: ObjectAt) {
  return queryOptions({
    queryKey: [...api.key, 'object', typeName(at.type), at.namespace ?? '', at.name] as const,
    queryFn: ({ signal }) =>
      send<AnyObject>({ path: `${api.base}${objectPathInside(at)}`, headers: api.headers, signal }),
    gcTime: 0,
    retry,
    refetchInterval: ({ state: { error } }) => (isRefusal(error) ? false : listAgainMs),
  });
}

/** Names of all namespaces. */
export function namespacesQuery(api: TenantApi) {
  return queryOptions({
    queryKey: [...api.key, 'namespaces'] as const,
    queryFn: async ({ signal }) => {
      const { items } = await send<{ items: readonly AnyObject[] }>({
        path: `${api.base}/api/v1/namespaces`,
        headers: {
          ...api.headers,
          accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
        },
        signal,
      });
      return items.map(({ metadata }) => metadata.name);
    },
    retry,
  });
}

/** Whether the caller may do something inside; asked again after a minute. */
export function mayInsideQuery(
  api: TenantApi,
  {
    type,
    namespace,
    name,
    verb,
    subresource,
  }: Partial<ObjectAt> & { type: ObjectType; verb: string; subresource?: string },
) {
  const resourceAttributes = {
    group: type.group,
    resource: type.plural,
    verb,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
  return queryOptions({
    queryKey: [...api.key, 'may', resourceAttributes] as const,
    staleTime: 60_000,
    retry,
    queryFn: async () => {
      const review = await send<{ status?: { allowed?: boolean } }>({
        method: 'POST',
        path: `${api.base}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`,
        headers: api.headers,
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes },
        },
      });
      return review.status?.allowed === true;
    },
  });
}

/** Replaces it as a whole. @throws RequestFailure 409 if it changed since `object.metadata.resourceVersion` */
export function replaceTenantObject(
  api: TenantApi,
  at: ObjectAt,
  object: AnyObject,
  dryRun: boolean,
): Promise<AnyObject> {
  const query = `fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
  return send({
    method: 'PUT',
    path: `${api.base}${objectPathInside(at)}?${query}`,
    headers: api.headers,
    body: object,
  });
}

/** Deletes the very object that was seen, and what it owns. */
export function deleteTenantObject(api: TenantApi, at: ObjectAt, uid: string | undefined): Promise<unknown> {
  return send({
    method: 'DELETE',
    path: `${api.base}${objectPathInside(at)}`,
    headers: api.headers,
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    },
  });
}

/** Applies it (server-side apply). @param force take fields over that others manage. Says whether it is a new one */
export async function applyTenantObject(
  api: TenantApi,
  at: ObjectAt,
  object: AnyObject,
  { dryRun, force }: { dryRun: boolean; force: boolean },
): Promise<'created' | 'changed'> {
  const query = `fieldManager=${fieldManager}&fieldValidation=Strict&force=${force}${dryRun ? '&dryRun=All' : ''}`;
  const answer = await sendForAnswer({
    method: 'PATCH',
    path: `${api.base}${objectPathInside(at)}?${query}`,
    headers: { ...api.headers, 'content-type': 'application/apply-patch+yaml' },
    body: object, // JSON is YAML
  });
  return answer.status === 201 ? 'created' : 'changed';
}

/** What of a log is asked for. */
export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly tailLines: number;
  /** Of the run before the last restart: that one has ended. */
  readonly previous: boolean;
  readonly timestamps: boolean;
}

/** A container's log, and from then on what is added. @throws RequestFailure 400 for one that has not started */
export function openLog(api: TenantApi, request: LogRequest, signal: AbortSignal): Promise<Response> {
  const { namespace, pod, container, tailLines, previous, timestamps } = request;
  const query = new URLSearchParams({
    container,
    tailLines: String(tailLines),
    ...(previous ? { previous: 'true' } : { follow: 'true' }),
    ...(timestamps ? { timestamps: 'true' } : {}),
  });
  return sendForAnswer({
    path: `${api.base}/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`,
    headers: { ...api.headers, accept: '*/*' },
    signal,
  });
}
