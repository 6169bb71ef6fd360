import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { type ErrorCode, isErrorCode, PlatformError } from '../../contracts/errors.ts';
import type { TenantHost } from '../host-namespaces.ts';
import type { ClusterClient } from '../kubernetes/client.ts';
import { containerStartError, startErrorPatienceMs } from '../kubernetes/container-start-error.ts';
import { callKubernetes, kubernetesFailure, orUndefined, unlessConflict } from '../kubernetes/failures.ts';
import { operationLabels } from '../operation-job.ts';
import { createInformer } from '../kubernetes/informer.ts';
import { jobInputName, jobManifest, jobName, type JobRequest, type SnapshotCommand } from './job-manifest.ts';

export interface JobRef {
  readonly host: TenantHost;
  readonly operationId: string;
  readonly command: SnapshotCommand;
}

/**
 * Creates the Job, and before it the Secret `input` that it reads; one that is there already stays as it is. The
 * Secret goes with the Job.
 * @param input the Secret's keys; values are base64
 * @throws PlatformError `cluster_unreachable`, `forbidden`, `not_found` without a host namespace
 */
export async function createJob(request: JobRequest, input?: Record<string, string>): Promise<void> {
  const { client, name: namespace } = request.host;
  await callKubernetes(`creating the Job for ${request.command}`, async () => {
    if (input !== undefined) {
      const metadata = {
        name: jobInputName(request.command, request.operationId),
        labels: operationLabels(request.host, request.operationId),
      };
      await unlessConflict(
        client.core.createNamespacedSecret({ namespace, body: { metadata, data: input } }),
      );
    }
    await unlessConflict(client.batch.createNamespacedJob({ namespace, body: jobManifest(request) }));
    if (input !== undefined) await giveInputTo(request);
  });
}

async function giveInputTo({ host, command, operationId }: JobRequest): Promise<void> {
  const { client, name: namespace } = host;
  const { metadata } = await client.batch.readNamespacedJob({
    namespace,
    name: jobName(command, operationId),
  });
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: metadata?.name, uid: metadata?.uid };
  const body = [{ op: 'add', path: '/metadata/ownerReferences', value: [owner] }];
  await client.core.patchNamespacedSecret({ namespace, name: jobInputName(command, operationId), body });
}

/**
 * The result that the Job's program left, as soon as its pod has ended.
 * @throws PlatformError with the code the program gave; `operation_failed` if it was killed, or said for 15 s that it
 *   cannot start
 */
export async function waitForJob(
  ref: JobRef,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>> {
  const { client, name: namespace } = ref.host;
  const name = jobName(ref.command, ref.operationId);
  const pods = createInformer<V1Pod & { metadata: { name: string } }>({
    kubeConfig: client.kubeConfig,
    path: `/api/v1/namespaces/${namespace}/pods`,
    labelSelector: `batch.kubernetes.io/job-name=${name}`,
  });
  const jobs = createInformer<V1Job & { metadata: { name: string } }>({
    kubeConfig: client.kubeConfig,
    path: `/apis/batch/v1/namespaces/${namespace}/jobs`,
    fieldSelector: `metadata.name=${name}`,
  });
  let faulty: NodeJS.Timeout | undefined;
  let jobUid: string | undefined;
  // A tenant's own pods may have that label too: a syncer carries labels over.
  const ownPods = () => pods.list().filter((pod) => jobUid !== undefined && isControlledBy(pod, jobUid));
  try {
    await Promise.race([Promise.all([pods.synced, jobs.synced]), aborted(signal)]);
    return await Promise.race([
      aborted(signal),
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const look = (): void => {
          try {
            const job = jobs.list()[0];
            jobUid ??= job?.metadata.uid;
            const outcome = outcomeOf(ownPods(), job);
            if (outcome !== undefined) resolve(outcome);
            const fault = faultOf(ownPods());
            if (fault === undefined) {
              clearTimeout(faulty);
              faulty = undefined;
            } else faulty ??= setTimeout(() => reject(cannotStart(ownPods())), startErrorPatienceMs);
          } catch (error) {
            reject(error);
          }
        };
        pods.onChange(look);
        jobs.onChange(look);
        look();
      }),
    ]);
  } finally {
    clearTimeout(faulty);
    await Promise.all([pods.stop(), jobs.stop()]);
  }
}

function isControlledBy({ metadata }: V1Pod, uid: string): boolean {
  return metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) === true;
}

function faultOf(pods: V1Pod[]): string | undefined {
  return pods.map(containerStartError).find((fault) => fault !== undefined);
}

function cannotStart(pods: V1Pod[]): PlatformError {
  return new PlatformError('operation_failed', `the Job cannot start: ${faultOf(pods)}`);
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function outcomeOf(pods: V1Pod[], job: V1Job | undefined): Record<string, unknown> | undefined {
  const ended = pods
    .map((pod) => pod.status?.containerStatuses?.[0]?.state?.terminated)
    .find((state) => state !== undefined);
  if (ended !== undefined) return resultOf(ended.exitCode, ended.message ?? '');
  if (job === undefined) throw new PlatformError('operation_failed', 'the Job was removed before it ended');
  const failed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failed !== undefined)
    throw new PlatformError(
      'operation_failed',
      `the Job failed: ${failed.message ?? failed.reason ?? 'its pod is gone'}`,
    );
  return undefined;
}

function resultOf(exitCode: number, message: string): Record<string, unknown> {
  const result = parseObject(message);
  if (exitCode === 0 && result !== undefined) return result;
  const error = result?.['error'] as { code?: unknown; message?: unknown } | undefined;
  const code: ErrorCode = isErrorCode(error?.code) ? error.code : 'operation_failed';
  throw new PlatformError(
    code,
    typeof error?.message === 'string' ? error.message : `the Job ended with exit code ${exitCode}`,
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // killed before it could say anything
  }
}

/**
 * Deletes the Job with its pod and its Secret and waits until the pod is gone, so that nothing of it works on.
 * @throws PlatformError `cluster_unreachable`; the signal's reason
 */
export async function deleteJob(ref: JobRef, signal: AbortSignal | undefined): Promise<void> {
  const { client, name: namespace } = ref.host;
  const name = jobName(ref.command, ref.operationId);
  try {
    const job = await orUndefined(
      client.batch.deleteNamespacedJob({ namespace, name, propagationPolicy: 'Foreground' }),
    );
    await orUndefined(
      client.core.deleteNamespacedSecret({ namespace, name: jobInputName(ref.command, ref.operationId) }),
    );
    if (job !== undefined) await waitUntilGone(client, namespace, name, signal);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw kubernetesFailure(`deleting the Job for ${ref.command}`, error);
  }
}

async function waitUntilGone(
  client: ClusterClient,
  namespace: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const jobs = createInformer<V1Job & { metadata: { name: string } }>({
    kubeConfig: client.kubeConfig,
    path: `/apis/batch/v1/namespaces/${namespace}/jobs`,
    fieldSelector: `metadata.name=${name}`,
  });
  try {
    await Promise.race([jobs.synced, aborted(signal)]);
    await Promise.race([
      aborted(signal),
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (jobs.list().length === 0) resolve();
        };
        jobs.onChange(look);
        look();
      }),
    ]);
  } finally {
    await jobs.stop();
  }
}
