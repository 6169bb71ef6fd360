import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { isFinal, type Operation, type OperationRequest } from '../../contracts/operations.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import {
  type Answer,
  removeStateDir,
  run,
  startTestPlatform,
  type TestPlatform,
} from '../support/platform.ts';
import { storePatterns } from './stored-patterns.ts';
import { configMapsOf, type Victim, victims } from './victims.ts';

/**
 * The people of the table, and what each holds:
 * `ana` user of project red: tenant cluster dev, space work; `rex` user of red who has nothing there yet; `viv` may
 * look at ana's tenant clusters (access rule `view`); `ria` administrator of red; `bob` user of project blue: tenant cluster
 * dev, space work (ana's names, in his project), and what would live where ana's `joint` do (victims.ts); `eve` in no project; `nobody` without a key; `scoped` ana with a key
 * that opens tenant cluster red/dev alone.
 */
export type Actor = 'ana' | 'rex' | 'viv' | 'ria' | 'bob' | 'eve' | 'nobody' | 'scoped' | 'admin';

export interface World {
  readonly platform: TestPlatform;
  /** A request with the actor's key. */
  call(
    who: Actor,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** The operation asked for by `who` in its end state; what is refused at the door is given as the answer. */
  operate(
    who: Actor,
    kind: ManagedKind,
    project: string,
    name: string,
    body: OperationRequest,
  ): Promise<Answer | Operation>;
  /** The newest operation of a tenant cluster or space once it has ended. */
  settled(kind: ManagedKind, project: string, name: string): Promise<Operation>;
  /** kubectl of the connected cluster's own administrator: its standard output. */
  host(...args: string[]): Promise<string>;
  /** Identifiers that ways are filled in with. */
  readonly ids: Record<'createOfAna' | 'createOfAnasSpace' | 'createOfBob', string>;
  close(): Promise<void>;
}

export const management = '/kubernetes/management/apis/management.loft.sh/v1';
const apiVersion = 'management.loft.sh/v1';

/** Texts that stand in what belongs to ana and bob; no answer to anybody else may hold one. */
export const canaries = {
  ana: 'canary-of-ana-6d1f',
  bob: 'canary-of-bob-93c2',
} as const;

/** Stands in the parameters of ana's and bob's tenant clusters: shown to who may change these, and to nobody else. */
export const secretText = 'parameter-of-the-owner-41bb';

const keyOf = (who: Actor) => `isolation-key-of-${who}-0123456789abcdef0123456789abcdef`;

/** Two projects with a tenant cluster and a space each, on a whole platform. */
export async function createWorld(): Promise<World> {
  await using undo = new AsyncDisposableStack();
  const platform = await startTestPlatform();
  undo.defer(async () => {
    await platform.stop();
    removeStateDir(platform.stateDir);
  });
  const call: World['call'] = (who, method, path, body, headers) =>
    platform.call(method, path, body, {
      ...(who === 'admin' ? {} : { key: who === 'nobody' ? null : keyOf(who) }),
      ...(headers === undefined ? {} : { headers }),
    });
  const create = async (who: Actor, plural: string, object: Record<string, unknown>, namespace?: string) => {
    const path = namespace === undefined ? plural : `namespaces/${namespace}/${plural}`;
    const answer = await call(who, 'POST', `${management}/${path}`, { apiVersion, ...object });
    assert.equal(answer.status, 201, answer.text);
  };
  const settled: World['settled'] = (kind, project, name) =>
    eventually(`the newest operation of ${kind} ${project}/${name} ends`, async () => {
      const path = `/api/v1/projects/${project}/${kindNames[kind].collection}/${name}/operations`;
      const [newest] = (await call('admin', 'GET', path)).json<{ items: Operation[] }>().items;
      return newest !== undefined && isFinal(newest.state) ? newest : undefined;
    });

  for (const who of ['ana', 'rex', 'viv', 'ria', 'bob', 'eve'] as const) {
    await create('admin', 'users', { kind: 'User', metadata: { name: who }, spec: { username: who } });
    await create('admin', 'accesskeys', {
      kind: 'AccessKey',
      metadata: { name: `key-${who}` },
      spec: { user: who, key: keyOf(who) },
    });
  }
  await create('admin', 'teams', { kind: 'Team', metadata: { name: 'anas' }, spec: { users: ['ana'] } });
  const scope = { virtualClusters: [{ project: 'red', virtualCluster: 'dev' }] };
  await create('admin', 'accesskeys', {
    kind: 'AccessKey',
    metadata: { name: 'key-scoped' },
    spec: { user: 'ana', key: keyOf('scoped'), scope },
  });
  const role = (name: string) => `loft-management-project-${name}`;
  const member = (name: string, clusterRole: string) => ({ kind: 'User', name, clusterRole });
  const anyOf = [{ name: '*' }];
  const allowed = { allowedClusters: anyOf, allowedTemplates: anyOf };
  await create('admin', 'projects', {
    kind: 'Project',
    metadata: { name: 'red' },
    spec: {
      ...allowed,
      members: [
        ...['ana', 'rex', 'viv'].map((name) => member(name, role('user'))),
        member('ria', role('admin')),
      ],
    },
  });
  await create('admin', 'projects', {
    kind: 'Project',
    metadata: { name: 'blue' },
    spec: { ...allowed, members: [member('bob', role('user'))] },
  });
  const keepSecrets = async () => {
    const spec = { displayName: canaries.ana, data: { word: Buffer.from(canaries.ana).toString('base64') } };
    await eventually('ana keeps a secret', () =>
      create(
        'ana',
        'projectsecrets',
        { kind: 'ProjectSecret', metadata: { name: 'words' }, spec },
        'p-red',
      ).then(() => true),
    );
    const access = [{ users: ['ana'], verbs: ['get'] }];
    const motto = { kind: 'SharedSecret', metadata: { name: 'motto' }, spec: { ...spec, access } };
    await create('admin', 'sharedsecrets', motto, 'loft');
  };
  const make = ({ who, kind, project, name }: Victim) => {
    const displayName = canaries[who];
    const rules = who === 'ana' ? { extraAccessRules: [{ users: ['viv'], clusterRole: 'view' }] } : {};
    const object =
      kind === 'space'
        ? { kind: 'SpaceInstance', metadata: { name }, spec: { displayName } }
        : {
            kind: 'VirtualClusterInstance',
            metadata: { name },
            spec: { templateRef: { name: 'default' }, displayName, parameters: `# ${secretText}`, ...rules },
          };
    const plural = kind === 'space' ? 'spaceinstances' : 'virtualclusterinstances';
    return eventually(`${who} makes ${kind} ${project}/${name}`, () =>
      create(who, plural, object, `p-${project}`).then(() => true),
    );
  };
  /** Waits until it is there, and puts its owner's canary into it. @returns the id of its create */
  const fill = async (victim: Victim) => {
    const { who, kind, project, name } = victim;
    const operation = await settled(kind, project, name);
    assert.equal(operation.state, 'succeeded', operation.message);
    const data = { note: canaries[who] };
    const note = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'note' }, data };
    const path = configMapsOf(victim);
    await eventually(`${who} writes to ${path}`, async () => {
      const { status } = await call(who, 'POST', path, note);
      return status === 201 || status === 409;
    });
    return operation.id;
  };
  const operate: World['operate'] = async (who, kind, project, name, body) => {
    const path = `/api/v1/projects/${project}/${kindNames[kind].collection}/${name}/operations`;
    const answer = await call(who, 'POST', path, body);
    if (answer.status !== 202) return answer;
    return platform.ended(answer.json<Operation>().id);
  };
  const keep = async ({ who, project, name }: Victim) => {
    const body = { type: 'snapshot', parameters: { snapshot: 'kept' } } as const;
    const snapshot = await operate(who, 'tenant', project, name, body);
    assert.equal('state' in snapshot ? snapshot.state : snapshot.text, 'succeeded');
  };
  const share = async (joint: readonly Victim[]) => {
    const kubeconfig = readFileSync(join(platform.stateDir, 'management/admin.kubeconfig'), 'utf8');
    await storePatterns(kubeconfig, ['red', 'blue']);
    for (const victim of joint) await make(victim);
    for (const victim of joint) await fill(victim);
  };
  const isJoint = ({ name }: Victim) => name === 'joint';
  const own = victims.filter((victim) => !isJoint(victim));
  await keepSecrets();
  for (const victim of own) await make(victim);
  const creates = await Promise.all(own.map(fill));
  const createOf = (who: string, kind: ManagedKind) =>
    creates[own.findIndex((victim) => victim.who === who && victim.kind === kind)] ?? '';
  const ids = {
    createOfAna: createOf('ana', 'tenant'),
    createOfBob: createOf('bob', 'tenant'),
    createOfAnasSpace: createOf('ana', 'space'),
  };
  await Promise.all([
    ...own.filter(({ kind }) => kind === 'tenant').map(keep),
    share(victims.filter(isJoint)),
  ]);
  const started = undo.move();
  return {
    platform,
    call,
    operate,
    settled,
    ids,
    async host(...args) {
      const kubeconfig = join(platform.stateDir, 'local/admin.kubeconfig');
      const { code, stdout, stderr } = await run(findProgram('kubectl'), [
        '--kubeconfig',
        kubeconfig,
        ...args,
      ]);
      assert.equal(code, 0, stderr);
      return stdout;
    },
    close: () => started.disposeAsync(),
  };
}
