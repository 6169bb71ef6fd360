import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { Snapshot } from '../../contracts/operations.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { onInterrupt } from '../shell/interrupt.ts';
import { age, isTable, type Listing, type OutputFormat, printDocument } from '../output/output.ts';
import { runOperation } from '../operations/run-operation.ts';
import { type ListOptions, showList } from '../output/watch-list.ts';
import {
  checkNames,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  operationCommand,
  platformCommand,
  withClient,
} from './options.ts';

const listing: Listing<Snapshot> = {
  columns: [
    ['NAME', ({ name }) => name],
    ['TENANT CLUSTER', ({ tenantCluster }) => tenantCluster],
    ['PROJECT', ({ project }) => project],
    ['STATUS', ({ state }) => state],
    ['SIZE', ({ sizeBytes }) => (sizeBytes === undefined ? '' : `${(sizeBytes / 1_048_576).toFixed(1)} MiB`)],
    ['KEYS', ({ totalKeys }) => String(totalKeys ?? '')],
    ['VERSION', ({ kubernetesVersion }) => kubernetesVersion ?? ''],
    ['AGE', ({ createdAt }) => age(createdAt)],
    ['UID', ({ uid }) => uid ?? ''],
    ['OPERATION', ({ operationId }) => operationId, 'wide'],
    ['SHA-256', ({ sha256 }) => sha256 ?? '', 'wide'],
  ],
  name: ({ name }) => `snapshot/${name}`,
};

/** `vcp snapshot` */
export function snapshotCommand(): Command {
  return new Command('snapshot')
    .addCommand(
      operationCommand('create', 'Take a snapshot; a sleeping tenant cluster is not woken')
        .argument('<tenant-cluster>')
        .option('--name <name>', 'name of the snapshot; default: the time')
        .addOption(dryRunOption())
        .action((tenantCluster: string, options: CommonOptions & DryRunOptions & { name?: string }) => {
          checkNames(options.project, tenantCluster);
          const parameters = options.name === undefined ? {} : { parameters: { snapshot: options.name } };
          return withClient((client) =>
            runOperation(
              client,
              { ...options, kind: 'tenant', name: tenantCluster },
              { type: 'snapshot', ...parameters },
            ),
          );
        }),
    )
    .addCommand(
      platformCommand('list', 'List snapshots')
        .argument('[tenant-cluster]')
        .option('-w, --watch', 'go on with what changes')
        .action((tenantCluster: string | undefined, options: ListOptions & { project: string }) => {
          checkNames(options.project, tenantCluster ?? 'all');
          const { project } = options;
          return withClient((client) =>
            showList(client, { read: () => listSnapshots(client, project, tenantCluster) }, listing, options),
          );
        }),
    )
    .addCommand(
      platformCommand('delete', 'Delete a snapshot and its file')
        .argument('<tenant-cluster>')
        .argument('<snapshot>')
        .option('--uid <uid>', 'uid of the tenant cluster, if it was deleted (administrators only)')
        .action((tenantCluster: string, snapshot: string, options: CommonOptions & { uid?: string }) => {
          checkNames(options.project, tenantCluster);
          const { project, uid, output } = options;
          const named = { project, tenantCluster, snapshot, uid };
          return withClient((client) => deleteSnapshot(client, named, output));
        }),
    );
}

async function listSnapshots(
  { api }: Client,
  project: string,
  tenantCluster: string | undefined,
): Promise<Snapshot[]> {
  const { items } =
    tenantCluster === undefined
      ? await api.listProjectSnapshots({ params: { project } })
      : await api.listSnapshots({ params: { project, name: tenantCluster } });
  return items;
}

const goneMs = 60_000;

async function deleteSnapshot(
  client: Client,
  named: { project: string; tenantCluster: string; snapshot: string; uid: string | undefined },
  output: OutputFormat,
): Promise<void> {
  const { project, tenantCluster, snapshot, uid } = named;
  const of = (one: Snapshot) => one.name === snapshot && (uid === undefined || one.uid === uid);
  const listed = async () => (await listSnapshots(client, project, tenantCluster)).filter(of).length;
  const before = await listed();
  await client.api.deleteSnapshot({
    params: { project, name: tenantCluster, snapshot },
    query: uid === undefined ? {} : { uid },
  });
  onInterrupt(
    () => `the deletion of snapshot ${snapshot} goes on; look for it with: vcp snapshot list -p ${project}`,
  );
  const deadline = Date.now() + goneMs;
  while (Date.now() < deadline) {
    if ((await listed()) < before) {
      if (isTable(output)) console.log(`snapshot ${snapshot} of tenant cluster ${tenantCluster} deleted`);
      else printDocument({ ...named, deleted: true }, `snapshot/${snapshot}`, output);
      return;
    }
    await delay(200);
  }
  throw new CommandFailure(
    'temporal_unavailable',
    `snapshot ${snapshot} is still being deleted after ${goneMs / 1000} s`,
  );
}
