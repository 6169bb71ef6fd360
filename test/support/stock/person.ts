import assert from 'node:assert/strict';
import type { OperationRequest } from '../../../contracts/operations.ts';
import { eventually } from '../eventually.ts';
import type { Answer, TestPlatform } from '../platform.ts';
import { openStockCli, type StockCli } from './stock-cli.ts';

export const management = '/kubernetes/management/apis/management.loft.sh/v1';
export const project = 'stock';
const projectPath = `${management}/namespaces/p-${project}`;

export const roles = ['administrator', 'plain user'] as const;
export type Role = (typeof roles)[number];
export type Plural = 'virtualclusterinstances' | 'spaceinstances';

export interface Instance {
  metadata: { annotations?: Record<string, string> };
  spec: { owner?: { user?: string }; templateRef?: { name?: string }; clusterRef?: { namespace?: string } };
  status?: { phase?: string };
}

/** Somebody at the stock command line, with what they work on. */
export interface Person {
  readonly role: Role;
  /** Their user. */
  readonly name: string;
  /** An access key as a login makes them: a logout ends it. */
  readonly key: string;
  readonly cli: StockCli;
  readonly platform: TestPlatform;
  /** Whom they share with, and that one's access key. */
  readonly friend: { readonly name: string; readonly key: string };
  /** A team that they share with, and the access key of one of its members. */
  readonly mates: { readonly name: string; readonly key: string };
  /** Their tenant cluster and their space in project `stock`. */
  readonly vcluster: string;
  readonly space: string;
  /** How long, in milliseconds, what a verb promises is waited for. */
  patience: number;
  /** Calls the gateway with the person's key, unless another is given. */
  call(method: string, path: string, body?: unknown, key?: string): Promise<Answer>;
  /** An instance as the platform holds it; undefined if there is none. */
  stored(plural: Plural, name: string): Promise<Instance | undefined>;
  /** Waits for what a verb promises. */
  eventually(what: string, probe: () => Promise<boolean>): Promise<void>;
  reaches(plural: Plural, name: string, phase: string): Promise<void>;
}

export async function newPerson(
  platform: TestPlatform,
  role: Role,
  name: string,
  { friend, mates }: Pick<Person, 'friend' | 'mates'>,
): Promise<Person> {
  const key = `login-key-of-${name}-0123456789abcdef0123456789abcdef`;
  const spec = { user: name, type: 'Login', key };
  await created(platform, 'accesskeys', { kind: 'AccessKey', metadata: { name: `login-${name}` }, spec });
  const call: Person['call'] = (method, path, body, other = key) =>
    platform.call(method, path, body, { key: other });
  // A list without what one gets as a member is an answer, too.
  for (const [plural, shown] of [
    ['projects', project],
    ['clusters', 'local'],
  ] as const)
    await eventually(`${name} is let in, and sees ${shown}`, async () => {
      const { status, text } = await call('GET', `${management}/${plural}`);
      return status === 200 && text.includes(`"name":"${shown}"`);
    });
  const stored: Person['stored'] = async (plural, instance) => {
    const answer = await platform.call('GET', `${projectPath}/${plural}/${instance}`);
    if (answer.status === 404) return undefined;
    assert.equal(answer.status, 200, answer.text);
    return answer.json<Instance>();
  };
  const person: Person = {
    role,
    name,
    key,
    cli: openStockCli(platform),
    platform,
    friend,
    mates,
    vcluster: `of-${name}`,
    space: `room-${name}`,
    patience: 120_000,
    call,
    stored,
    async eventually(what, probe) {
      await eventually(what, probe, { timeoutMs: person.patience });
    },
    reaches: (plural, instance, phase) =>
      person.eventually(
        `${instance} is ${phase}`,
        async () => (await stored(plural, instance))?.status?.phase === phase,
      ),
  };
  return person;
}

/** Creates an object of group management.loft.sh as the administrator, once the platform lets one in after its start. */
export async function created(platform: TestPlatform, path: string, object: object): Promise<void> {
  const body = { apiVersion: 'management.loft.sh/v1', ...object };
  const answer = await eventually(`the platform takes new ${path}`, async () => {
    const given = await platform.call('POST', `${management}/${path}`, body);
    return given.status === 503 ? undefined : given;
  });
  assert.equal(answer.status, 201, answer.text);
}

/** What `create` would have made, for the verbs that follow; nothing if it is there. */
export async function createInstead(person: Person, plural: Plural, name: string): Promise<void> {
  if ((await person.stored(plural, name)) === undefined) {
    const [kind, spec] =
      plural === 'spaceinstances'
        ? ['SpaceInstance', {}]
        : ['VirtualClusterInstance', { templateRef: { name: 'default' } }];
    const object = { apiVersion: 'management.loft.sh/v1', kind, metadata: { name }, spec };
    const answer = await person.call('POST', `${projectPath}/${plural}`, object);
    assert.equal(answer.status, 201, answer.text);
  }
  await person.reaches(plural, name, 'Ready');
}

/** What `sleep` or `wakeup` would have done. */
export async function operateInstead(
  person: Person,
  plural: Plural,
  request: OperationRequest,
): Promise<void> {
  const [path, name] =
    plural === 'spaceinstances' ? ['spaces', person.space] : ['virtualclusters', person.vcluster];
  const operations = `/api/v1/projects/${project}/${path}/${name}/operations`;
  const answer = await person.platform.call('POST', operations, request);
  assert.equal(answer.status, 202, answer.text);
  const { state, message } = await person.platform.ended(answer.json<{ id: string }>().id);
  assert.equal(state, 'succeeded', message);
}
