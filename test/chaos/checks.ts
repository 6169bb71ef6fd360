import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defaultHostNamespace } from '../../contracts/names.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { leftovers } from '../support/leftovers.ts';
import { run } from '../support/platform.ts';
import { snapshotFolder } from '../support/snapshot-folder.ts';
import type { Fleet } from './fleet.ts';

type Check = (fleet: Fleet, tenant: string) => Promise<string[]>;

const instance = (tenant: string) =>
  `/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/virtualclusterinstances/${tenant}`;
const inTenant = (tenant: string, path: string) =>
  `/kubernetes/project/default/virtualcluster/${tenant}${path}`;
const witness = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'witness' },
  data: { stays: 'yes' },
};

async function local(fleet: Fleet, ...args: string[]): Promise<string[]> {
  return eventually(`kubectl ${args.join(' ')}`, async () => {
    const result = await run(findProgram('kubectl'), [
      '--kubeconfig',
      join(fleet.stateDir, 'local/admin.kubeconfig'),
      '--request-timeout=5s',
      ...args,
    ]);
    return result.code === 0 ? result.stdout.split('\n').filter((line) => line !== '') : undefined;
  });
}

async function phaseIs(fleet: Fleet, tenant: string, wanted: string): Promise<string[]> {
  let phase: string | undefined;
  try {
    await eventually(`${tenant} is ${wanted}`, async () => {
      phase = (await fleet.call('GET', instance(tenant))).json<{ status?: { phase?: string } }>().status
        ?.phase;
      return phase === wanted;
    });
    return [];
  } catch {
    return [`phase is ${phase}, not ${wanted}`];
  }
}

/** Helm's releases of a tenant: exactly `revisions` of them, none pending. */
async function revisionsAre(fleet: Fleet, tenant: string, revisions: number): Promise<string[]> {
  const namespace = defaultHostNamespace('default', tenant);
  const states = await local(
    fleet,
    'get',
    'secrets',
    '-n',
    namespace,
    '-l',
    'owner=helm',
    '-o',
    'jsonpath={range .items[*]}{.metadata.labels.status}{"\\n"}{end}',
  );
  const problems = states.length === revisions ? [] : [`${states.length} Helm revisions, not ${revisions}`];
  return states.some((state) => state.startsWith('pending'))
    ? [...problems, `a release is ${states.join(', ')}`]
    : problems;
}

async function witnessThere(fleet: Fleet, tenant: string): Promise<string[]> {
  const answer = await fleet.call('GET', inTenant(tenant, '/api/v1/namespaces/default/configmaps/witness'));
  return answer.status === 200 ? [] : [`the witness object answers ${answer.status}`];
}

async function noJobs(fleet: Fleet, tenant: string): Promise<string[]> {
  const jobs = await local(fleet, 'get', 'jobs', '-n', defaultHostNamespace('default', tenant), '-o', 'name');
  return jobs.length === 0 ? [] : [`jobs left: ${jobs.join(', ')}`];
}

/** What must hold after each operation, beyond its having succeeded. */
export const checksAfter = {
  async tenantServes(fleet, tenant) {
    const namespace = defaultHostNamespace('default', tenant);
    const [podIP] = await local(
      fleet,
      'get',
      'pods',
      '-n',
      namespace,
      '-l',
      `app=vcluster,release=${tenant}`,
      '-o',
      'jsonpath={range .items[*]}{.status.podIP}{"\\n"}{end}',
    );
    const served = await run('curl', [
      '--silent',
      '--insecure',
      '--max-time',
      '3',
      '--output',
      '/dev/null',
      '--write-out',
      '%{http_code}',
      `https://${podIP}:6443/version`,
    ]);
    return /^(200|401|403)$/.test(served.stdout)
      ? []
      : [`the tenant's own API answered ${served.stdout} at ${podIP}`];
  },
  async create(fleet, tenant) {
    const made = await fleet.call('POST', inTenant(tenant, '/api/v1/namespaces/default/configmaps'), witness);
    return [
      ...(made.status === 201 ? [] : [`making the witness answered ${made.status}`]),
      ...(await phaseIs(fleet, tenant, 'Ready')),
      ...(await revisionsAre(fleet, tenant, 1)),
    ];
  },
  update: async (fleet, tenant) => [
    ...(await phaseIs(fleet, tenant, 'Ready')),
    ...(await revisionsAre(fleet, tenant, 2)),
    ...(await witnessThere(fleet, tenant)),
  ],
  async sleep(fleet, tenant) {
    const pods = await local(
      fleet,
      'get',
      'pods',
      '-n',
      defaultHostNamespace('default', tenant),
      '-o',
      'name',
    );
    return [
      ...(await phaseIs(fleet, tenant, 'Sleeping')),
      ...(pods.length === 0 ? [] : [`pods left: ${pods.join(', ')}`]),
    ];
  },
  wake: async (fleet, tenant) => [
    ...(await phaseIs(fleet, tenant, 'Ready')),
    ...(await witnessThere(fleet, tenant)),
  ],
  async snapshot(fleet, tenant) {
    const listed = (
      await fleet.call('GET', `/api/v1/projects/default/virtualclusters/${tenant}/snapshots`)
    ).json<{ items: Array<{ state: string }> }>().items;
    const files = readdirSync(snapshotFolder(join(fleet.stateDir, 'snapshots'), 'default', tenant));
    const wanted = listed.length === 1 && listed[0]?.state === 'completed' && files.length === 1;
    return [
      ...(wanted ? [] : [`${listed.length} snapshots listed, files ${files.join(', ')}`]),
      ...(await noJobs(fleet, tenant)),
    ];
  },
  restore: async (fleet, tenant) => [
    ...(await phaseIs(fleet, tenant, 'Ready')),
    ...(await witnessThere(fleet, tenant)),
    ...(await noJobs(fleet, tenant)),
  ],
  async delete(fleet, tenant) {
    const left = await eventually('kubectl answers', () => leftovers(fleet.platform(), 'default', tenant));
    const found = [
      ...left.processes,
      ...left.namespaces,
      ...left.objects,
      ...left.volumes,
      ...left.instances,
    ];
    return found.length === 0 ? [] : [`left over: ${found.join('; ')}`];
  },
} satisfies Record<string, Check>;
