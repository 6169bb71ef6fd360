import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { insertSnapshot } from '../../db/queries/snapshots.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { submitOperation } from '../../operations/submit.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { keyOf } from '../api/user-calls.ts';
import { eventually } from '../support/eventually.ts';
import { applyProjectNamespace } from '../support/management-api.ts';
import type { CliWorld } from './cli-world.ts';

/** Each is printed as a table and as JSON, but `text`. */
const commands: [name: string, args: string[], text?: 'text'][] = [
  ['help', ['--help'], 'text'],
  ['list-vclusters', ['list', 'vclusters', '-p', 'gold']],
  ['list-vclusters-wide', ['list', 'vclusters', '-p', 'gold', '-o', 'wide'], 'text'],
  ['list-vclusters-name', ['list', 'vclusters', '-p', 'gold', '-o', 'name'], 'text'],
  ['list-vclusters-yaml', ['list', 'vclusters', '-p', 'gold', '-o', 'yaml'], 'text'],
  ['list-spaces', ['list', 'spaces', '-p', 'gold']],
  ['list-projects', ['list', 'projects', '-o', 'wide'], 'text'],
  ['get-vcluster', ['get', 'vcluster', 'blue', '-p', 'gold']],
  ['get-space', ['get', 'space', 'desk', '-p', 'gold']],
  ['get-project', ['projects', 'get', 'gold']],
  ['get-template', ['templates', 'get', 'small']],
  ['get-cluster', ['clusters', 'get', 'edge']],
  ['get-user', ['users', 'get', 'ben']],
  ['get-team', ['teams', 'get', 'night-shift']],
  ['describe-ready', ['describe', 'vcluster', 'blue', '-p', 'gold'], 'text'],
  ['describe-sleeping', ['describe', 'vcluster', 'night', '-p', 'gold'], 'text'],
  ['describe-failed', ['describe', 'vcluster', 'broken', '-p', 'gold'], 'text'],
  ['describe-space', ['describe', 'space', 'desk', '-p', 'gold'], 'text'],
  ['why-sleeping', ['why', 'vcluster', 'night', '-p', 'gold']],
  ['operations-list', ['operations', 'list', 'blue', '-p', 'gold'], 'text'],
  ['snapshot-list', ['snapshot', 'list', '-p', 'gold']],
  ['config-view', ['config', 'view']],
  ['version', ['version']],
  ['create-dry-run', ['create', 'vcluster', 'new', '-p', 'gold', '--template', 'small', '--dry-run=server']],
];

/**
 * What the commands print, kept in test/cli/golden. A change of words or columns is wanted: write them again with
 * `node --import ./local/commonjs-drizzle.ts --test --test-update-snapshots test/cli/cli.test.ts`.
 */
export function goldenCases(cli: () => CliWorld): void {
  describe('what vcp prints', () => {
    const env = () => ({ VCP_CONFIG: join(cli().fixture.dir, 'golden.json'), COLUMNS: '120' });
    before(async () => {
      const { fixture, vcp } = cli();
      const login = ['login', fixture.url, '--access-key', keyOf('anna'), '--ca-file', fixture.caFile];
      assert.equal((await vcp(login, env())).code, 0);
      await makeGold(cli());
      await eventually('the gateway has seen everything', async () => {
        const { stdout } = await vcp(['list', 'vclusters', '-p', 'gold'], env());
        return /Ready/.test(stdout) && /Failed/.test(stdout) && /Sleeping/.test(stdout);
      });
    });

    for (const [name, args, text] of commands) {
      it(`${name} as people read it`, async (t) => {
        t.assert.fileSnapshot(await printed(cli(), args, env()), golden(name, 'table'), asText);
      });
      if (text === undefined)
        it(`${name} as programs read it`, async (t) => {
          const json = ofResources(await printed(cli(), [...args, '-o', 'json'], env()));
          t.assert.fileSnapshot(json, golden(name, 'json'), asText);
        });
    }

    it('an operation with its steps', async (t) => {
      const { vcp } = cli();
      const [id = ''] = (await vcp(['operations', 'list', 'blue', '-p', 'gold', '-o', 'name'], env())).stdout
        .split('\n')
        .map((line) => line.replace('operation/', ''));
      t.assert.fileSnapshot(
        await printed(cli(), ['operations', 'get', id], env()),
        golden('operation', 'table'),
        asText,
      );
    });
  });
}

const asText = { serializers: [(value: unknown) => String(value)] };

function golden(name: string, format: string): string {
  return join(import.meta.dirname, 'golden', `${name}.${format}.txt`);
}

async function printed(
  { vcp, fixture }: CliWorld,
  args: string[],
  env: Record<string, string>,
): Promise<string> {
  const { code, stdout, stderr } = await vcp(args, env);
  assert.equal(code, 0, stderr);
  return steady(stdout.replaceAll(fixture.url, 'https://platform').replaceAll(fixture.dir, '<dir>'));
}

/** Without what differs from run to run; columns as far apart as their words, whatever ages are in them. */
function steady(text: string): string {
  const uids: string[] = [];
  const numbered = (uid: string) => {
    if (!uids.includes(uid)) uids.push(uid);
    return `<uid-${uids.indexOf(uid) + 1}>`;
  };
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, numbered)
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b/g, '<time>')
    .replaceAll(/("?resourceVersion"?: )"?\d+"?/g, '$1"<version>"')
    .replaceAll(/\b\d+\.\d s\b/g, '<took>')
    .replaceAll(/\b\d+[smhd]\b/g, '<age>')
    .replaceAll(/(?:^ {2}[·▸✓✗–↶] .*\n)+/gm, '  <steps>\n')
    .replaceAll(/(\S) {3,}/g, '$1  ');
}

/** What the gateway computes for each caller, and where it says the place is: not what this is about. */
const computed = new Set(['canUse', 'canUpdate', 'online', 'sleepModeConfig', 'clusterRef']);

function ofResources(json: string): string {
  const reviver = (key: string, value: unknown) =>
    computed.has(key) || (key === 'status' && Object.keys(value ?? {}).length === 0) ? undefined : value;
  return `${JSON.stringify(JSON.parse(json, reviver), undefined, 2)}\n`;
}

/** A project with tenant clusters in several states, as controllers and worker would have left them. */
async function makeGold({ fixture, operations }: CliWorld): Promise<void> {
  const { resources, admin } = fixture;
  await resources.clusters.create({ metadata: { name: 'edge' }, spec: { displayName: 'Edge', local: true } });
  await resources.teams.create({
    metadata: { name: 'night-shift' },
    spec: { displayName: 'Night shift', users: ['ben'] },
  });
  await resources.virtualclustertemplates.create({
    metadata: { name: 'small' },
    spec: {
      displayName: 'Small',
      versions: [
        {
          version: '1.0.0',
          parameters: [{ variable: 'size' }],
          template: { helmRelease: { values: 'size: 1' } },
        },
      ],
    },
  });
  await resources.projects.create({
    metadata: { name: 'gold' },
    spec: { displayName: 'Gold', owner: { user: 'anna' }, members: [{ kind: 'User', name: 'ben' }] },
  });
  await applyProjectNamespace(admin, 'gold', {});
  const sleeping = { 'sleepmode.loft.sh/sleeping-since': '1790000000' };
  await makeTenant(
    resources,
    'blue',
    {},
    { phase: 'Ready', kubernetesVersion: 'v1.35.0', observedHash: 'x' },
  );
  await makeTenant(
    resources,
    'night',
    { ...sleeping, 'sleepmode.loft.sh/sleep-schedule': '0 20 * * *' },
    {
      phase: 'Sleeping',
      observedHash: 'x',
    },
  );
  await makeTenant(
    resources,
    'broken',
    {},
    {
      phase: 'Failed',
      reason: 'control_plane_not_ready',
      message: 'the pod blue-0 is not ready',
      nextAttempt: { type: 'create', targetHash: 'x', message: 'tried again after 30 s' },
    },
  );
  const desk = await resources.spaceinstances.create({
    metadata: { name: 'desk', namespace: 'p-gold' },
    spec: { owner: { user: 'ben' }, clusterRef: { cluster: 'edge' } },
  });
  await resources.spaceinstances.patchStatus(
    { namespace: 'p-gold', name: 'desk' },
    { phase: 'Ready', clusterRef: { cluster: 'edge', namespace: 'loft-gold-s-desk' } },
  );
  const end = async (kind: ManagedKind, type: OperationType, name: string, uid: string, reason?: string) => {
    const { operation } = await submitOperation(operations, {
      kind,
      type,
      project: 'gold',
      name,
      uid,
      actor: 'anna@example.com',
      idempotencyKey: `${name}-${type}`,
      parameters: {},
    });
    const outcome = reason === undefined ? { state: 'succeeded' as const } : failed(reason);
    await endOperation(operations.database, { id: operation.id, ...outcome });
    return operation.id;
  };
  const uidOf = async (name: string) =>
    (await resources.virtualclusterinstances.get({ namespace: 'p-gold', name }))?.metadata.uid ?? '';
  await end('tenant', 'create', 'blue', await uidOf('blue'));
  const saved = await end('tenant', 'update', 'blue', await uidOf('blue'));
  await end('tenant', 'sleep', 'night', await uidOf('night'));
  await end('tenant', 'create', 'broken', await uidOf('broken'), 'the pod blue-0 is not ready');
  await end('space', 'create', 'desk', desk.metadata.uid);
  const snapshot = { project: 'gold', tenantCluster: 'blue', uid: await uidOf('blue'), name: 'monday' };
  await operations.database.query((db) =>
    insertSnapshot(db, snapshot, { operationId: saved, projectUid: '', file: saved }),
  );
}

function failed(message: string) {
  return { state: 'failed' as const, reason: 'control_plane_not_ready', message };
}

async function makeTenant(
  resources: ManagementResources,
  name: string,
  annotations: Record<string, string>,
  status: object,
): Promise<void> {
  await resources.virtualclusterinstances.create({
    metadata: { name, namespace: 'p-gold', annotations },
    spec: {
      displayName: `The ${name} one`,
      owner: { user: 'anna' },
      templateRef: { name: 'small', version: '1.0.x' },
      extraAccessRules: [{ users: ['ben'], clusterRole: 'view' }],
    },
  });
  await resources.virtualclusterinstances.patchStatus(
    { namespace: 'p-gold', name },
    {
      clusterRef: { cluster: 'edge', namespace: `loft-gold-v-${name}` },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Ready',
          message: 'as the test says',
          lastTransitionTime: '2026-11-29T12:00:00Z',
        },
      ],
      ...status,
    },
  );
}
