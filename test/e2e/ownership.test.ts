import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Operation, OperationType } from '../../contracts/operations.ts';
import { findProgram } from '../../deploy/toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { type Member, newMember } from '../support/members.ts';
import { removeStateDir, run, startTestPlatform, type TestPlatform } from '../support/platform.ts';

const management = '/kubernetes/management';
const slow = { timeoutMs: 240_000, intervalMs: 200 };
const kinds = {
  tenant: { plural: 'virtualclusterinstances', route: 'virtualclusters', path: 'virtualcluster' },
  space: { plural: 'spaceinstances', route: 'spaces', path: 'space' },
} as const;
type Kind = keyof typeof kinds;

/** Two members of two projects whose namespaces collide, as their projects' patterns of before let them. */
describe('what is another’s is not touched', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  const members = new Map<string, Member>();
  before(async () => {
    platform = await startTestPlatform();
    const binding = 'vcluster-platform-namespace-pattern';
    const stored = await platform.kubectl('get', 'validatingadmissionpolicybinding', binding, '-o', 'json');
    const pattern = { virtualCluster: 'team-{{ .Values.loft.name }}', space: 'room-{{ .Values.loft.name }}' };
    const make = (name: string, member: string, namespacePattern: object) =>
      platform.call('POST', `${management}/apis/management.loft.sh/v1/projects`, {
        apiVersion: 'management.loft.sh/v1',
        kind: 'Project',
        metadata: { name },
        spec: {
          namespacePattern,
          members: [{ kind: 'User', name: member, clusterRole: 'loft-management-project-user' }],
        },
      });
    for (const name of ['anna', 'eve']) members.set(name, await newMember(platform, name));
    const refused = await make('alpha', 'anna', pattern);
    assert.equal(refused.status, 422, refused.text);
    assert.match(refused.text, /does not tell projects apart/);
    await platform.kubectl('delete', 'validatingadmissionpolicybinding', binding);
    for (const [project, member] of [
      ['alpha', 'anna'],
      ['beta', 'eve'],
    ] as const)
      await eventually(`project ${project} with a pattern of before`, async () => {
        const answer = await make(project, member, pattern);
        return answer.status === 201 || answer.status === 409;
      });
    const { metadata: _made, ...rest } = JSON.parse(stored.stdout);
    const back = await platform.call(
      'POST',
      `${management}/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings`,
      { ...rest, metadata: { name: binding } },
    );
    assert.ok(back.status < 500);
  });
  after(async () => {
    for (const member of members.values()) member.forget();
    await platform?.stop();
    if (platform) removeStateDir(platform.stateDir);
  });

  const host = (...args: string[]) =>
    run(findProgram('kubectl'), ['--kubeconfig', join(platform.stateDir, 'local/admin.kubeconfig'), ...args]);
  const as = (who: string) => ({ key: members.get(who)?.key ?? assert.fail() });
  const resource = (kind: Kind, project: string, name: string) =>
    `${management}/apis/management.loft.sh/v1/namespaces/p-${project}/${kinds[kind].plural}/${name}`;
  const statusOf = async (kind: Kind, project: string, name: string) =>
    (await platform.call('GET', resource(kind, project, name))).json<{
      spec?: { clusterRef?: object };
      status?: { phase?: string; reason?: string; message?: string; virtualCluster?: object };
    }>();
  async function create(kind: Kind, who: string, project: string, name: string, spec: object = {}) {
    const answer = await platform.call(
      'POST',
      resource(kind, project, name).replace(/\/[^/]+$/, ''),
      {
        apiVersion: 'management.loft.sh/v1',
        kind: kind === 'tenant' ? 'VirtualClusterInstance' : 'SpaceInstance',
        metadata: { name },
        spec: { ...(kind === 'tenant' ? { templateRef: { name: 'default' } } : {}), ...spec },
      },
      who === 'admin' ? {} : as(who),
    );
    assert.equal(answer.status, 201, answer.text);
    const startedAt = performance.now();
    const ended = await eventually(
      `${project}/${name} ends`,
      async () => {
        const found = await statusOf(kind, project, name);
        return ['Ready', 'Failed'].includes(found.status?.phase ?? '') ? found : undefined;
      },
      slow,
    );
    return { ...ended, seconds: (performance.now() - startedAt) / 1000 };
  }
  async function operate(kind: Kind, who: string, project: string, name: string, type: OperationType) {
    const path = `/api/v1/projects/${project}/${kinds[kind].route}/${name}/operations`;
    const answer = await platform.call('POST', path, { type }, as(who));
    if (answer.status !== 202) return `${answer.status}`;
    const { id } = answer.json<Operation>();
    const end = await platform.ended(id);
    return `${end.state}: ${end.reason ?? ''} ${end.message ?? ''}`;
  }
  const uidOf = async (namespace: string) =>
    (await host('get', 'namespace', namespace, '-o', 'jsonpath={.metadata.uid} {.status.phase}')).stdout;

  for (const [kind, namespace, inside] of [
    ['tenant', 'team-dev', '/api/v1/namespaces/kube-system/secrets'],
    ['space', 'room-dev', '/api/v1/namespaces/room-dev/secrets'],
  ] as const) {
    test(`${kind}: who came second gets nothing of who was first`, async () => {
      const first = await create(kind, 'anna', 'alpha', 'dev');
      assert.equal(first.status?.phase, 'Ready', JSON.stringify(first.status));
      const before = await uidOf(namespace);
      const second = await create(kind, 'eve', 'beta', 'dev');
      assert.deepEqual([second.status?.phase, second.status?.reason], ['Failed', 'conflict']);
      assert.deepEqual(second.spec?.clusterRef, { cluster: 'local' });
      assert.equal(second.status?.virtualCluster, undefined);
      console.log(
        `${kind}: second create failed after ${second.seconds.toFixed(1)} s: ${second.status?.message}`,
      );
      const through = (who: string, project: string) =>
        platform.call(
          'GET',
          `/kubernetes/project/${project}/${kinds[kind].path}/dev${inside}`,
          undefined,
          as(who),
        );
      const verbs: OperationType[] = [
        'wake',
        'sleep',
        ...(kind === 'tenant' ? (['snapshot', 'update'] as const) : []),
      ];
      for (const type of verbs) {
        const outcome = await operate(kind, 'eve', 'beta', 'dev', type);
        console.log(`${kind}: ${type} of the second: ${outcome}`);
        assert.doesNotMatch(outcome, /succeeded/, type);
        assert.equal((await through('eve', 'beta')).status, 503, type);
      }
      const answer = await through('eve', 'beta');
      console.log(`${kind}: through the gateway: ${answer.status} ${answer.json()['message']}`);
      const deleted = await platform.call('DELETE', resource(kind, 'beta', 'dev'), undefined, as('eve'));
      assert.ok(deleted.status < 300, deleted.text);
      await eventually(
        'it is gone',
        async () => (await platform.call('GET', resource(kind, 'beta', 'dev'))).status === 404,
        slow,
      );
      assert.equal(await uidOf(namespace), before);
      assert.match(before, / Active$/);
      assert.equal((await statusOf(kind, 'alpha', 'dev')).status?.phase, 'Ready');
      assert.equal((await through('anna', 'alpha')).status, 200);
      // By the place that an administrator of the connected cluster writes, likewise.
      const written = { clusterRef: { cluster: 'local', namespace } };
      const third = await create(kind, 'admin', 'beta', 'forged', { ...written, owner: { user: 'eve' } });
      assert.deepEqual([third.status?.phase, third.status?.reason], ['Failed', 'conflict']);
      assert.doesNotMatch(await operate(kind, 'eve', 'beta', 'forged', 'wake'), /succeeded/);
      assert.equal(
        (
          await platform.call(
            'GET',
            `/kubernetes/project/beta/${kinds[kind].path}/forged${inside}`,
            undefined,
            as('eve'),
          )
        ).status,
        503,
      );
      await platform.call('DELETE', resource(kind, 'beta', 'forged'), undefined, as('eve'));
      await eventually(
        'it is gone',
        async () => (await platform.call('GET', resource(kind, 'beta', 'forged'))).status === 404,
        slow,
      );
      assert.equal(await uidOf(namespace), before);
      assert.equal((await through('anna', 'alpha')).status, 200);
    });
  }
});
