import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { defaultHostNamespace } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import type { TestPlatform } from '../support/platform.ts';

const instances =
  '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/virtualclusterinstances';

/** Values of a tenant cluster that asks a node for little: with the chart's own requests 13 fit on two processors. */
export const smallValues = JSON.stringify(
  Object.fromEntries(
    ['etcd', 'apiServer', 'controllerManager', 'scheduler'].map((part) => [
      part,
      { resources: { requests: { cpu: '5m', memory: '16Mi' } } },
    ]),
  ),
);

/** Applies an instance of the default template, or of its chart with `values`. */
export async function applyInstance(platform: TestPlatform, name: string, values?: string): Promise<void> {
  const chart = { name: 'tenant-control-plane' };
  const spec =
    values === undefined
      ? { templateRef: { name: 'default' } }
      : { template: { helmRelease: { chart, values } } };
  const answer = await platform.call('POST', instances, {
    apiVersion: 'management.loft.sh/v1',
    kind: 'VirtualClusterInstance',
    metadata: { name, namespace: 'p-default' },
    spec,
  });
  if (answer.status !== 201) throw new Error(answer.text);
}

/** The last operation of `type` of a tenant cluster, in its end state. */
export async function endedOperation(platform: TestPlatform, name: string, type: string): Promise<Operation> {
  const { id } = await eventually(`${type} of ${name}`, async () => {
    const answer = await platform.call('GET', `/api/v1/projects/default/virtualclusters/${name}/operations`);
    return answer.json<{ items: Operation[] }>().items.find((operation) => operation.type === type);
  });
  const operation = await platform.ended(id);
  if (operation.state !== 'succeeded')
    throw new Error(`${type} ${name} ${operation.state}: ${operation.message}`);
  return operation;
}

/** Runs one operation to its good end. */
export async function operate(
  platform: TestPlatform,
  name: string,
  type: Operation['type'],
  snapshot?: string,
): Promise<Operation> {
  const submitted = await platform.submit(name, {
    type,
    ...(snapshot === undefined ? {} : { parameters: { snapshot } }),
  });
  const operation = await platform.ended(submitted.id);
  if (operation.state !== 'succeeded')
    throw new Error(`${type} ${name} ${operation.state}: ${operation.message}`);
  return operation;
}

/** How often both sides are asked whether they answer: asking costs processor time too, through the gateway the most. */
export const askEveryMs = 25;

/** Milliseconds until an ordinary user's GET inside the tenant is answered rightly. */
export async function untilAnswers(platform: TestPlatform, name: string, since: number): Promise<number> {
  await eventually(
    `${name} answers`,
    async () =>
      (
        await platform.call(
          'GET',
          `/kubernetes/project/default/virtualcluster/${name}/api/v1/namespaces/default`,
        )
      ).status === 200,
    { intervalMs: askEveryMs, timeoutMs: 120_000 },
  );
  return performance.now() - since;
}

/** `kubectl get … -o json` on the connected cluster `local`. */
export function fromLocal<T>(platform: TestPlatform, ...args: string[]): T {
  const kubeconfig = join(platform.stateDir, 'local/admin.kubeconfig');
  return JSON.parse(
    execFileSync(findProgram('kubectl'), ['--kubeconfig', kubeconfig, 'get', ...args, '-o', 'json'], {
      encoding: 'utf8',
    }),
  ) as T;
}

/** The running control-plane pod of a tenant. */
export function podOf(platform: TestPlatform, name: string): { uid: string; ip: string } {
  const pod = fromLocal<{ metadata: { uid: string }; status: { podIP: string } }>(
    platform,
    'pod',
    `${name}-0`,
    '-n',
    defaultHostNamespace('default', name),
  );
  return { uid: pod.metadata.uid, ip: pod.status.podIP };
}
