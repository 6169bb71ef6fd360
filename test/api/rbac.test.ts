import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Pool } from 'undici';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { createInformer } from '../../adapters/kubernetes/informer.ts';
import { rbacPath } from '../../adapters/kubernetes/rbac-objects.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { createRbacCache, type RbacCache } from '../../api/cache/rbac-cache.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { privilegedGroup } from '../../domain/access/rbac.ts';
import { cases, handWritten } from './rbac-cases.ts';
import { type Asked, asked, changes, namespaces, type WorldObject } from './rbac-worlds.ts';

/** In all; 100,000 once before a change of the evaluation lands. */
const questions = Number(process.env['RBAC_QUESTIONS'] ?? 6_000);
const rounds = Math.max(12, Math.ceil(questions / 1_000));
const seed = Number(process.env['RBAC_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const atOnce = 24;
const group = 'rbac.authorization.k8s.io';

let server: TestApiServer;
let cache: RbacCache;
let kubeConfig: ReturnType<typeof connectCluster>['kubeConfig'];
/** Asks with less work than client-node makes of a request. */
let reviews: Pool;
before(async () => {
  server = await startApiServer();
  ({ kubeConfig } = connectCluster(server.adminKubeconfig));
  const { certData = '', keyData = '' } = kubeConfig.getCurrentUser() ?? {};
  const [cert, key] = [certData, keyData].map((data) => Buffer.from(data, 'base64'));
  reviews = new Pool(server.url, {
    connections: atOnce,
    connect: { ca: server.certificateAuthority, cert, key },
  });
  for (const name of namespaces)
    await requestJson(kubeConfig, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    });
  cache = createRbacCache((path, keep) => createInformer({ kubeConfig, path, keep, watchSeconds: 3 }));
  await cache.ready;
});
after(async () => {
  await cache?.stop();
  await reviews?.close();
  await server?.stop();
});

/** Does `work` with each item, some at once. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const take = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
}

/** Makes it so, whatever was there: what a binding gives cannot be changed, so it is created again. */
async function put({ kind, name, namespace, content }: WorldObject): Promise<void> {
  const path = `${rbacPath(kind, namespace)}/${name}`;
  const isBinding = kind.endsWith('Binding');
  if (content === undefined || isBinding)
    await requestJson(kubeConfig, { method: 'DELETE', path }).catch(() => undefined);
  if (content === undefined) return;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const body = { apiVersion: `${group}/v1`, kind, metadata, ...content };
  if (isBinding) await requestJson(kubeConfig, { method: 'POST', path: rbacPath(kind, namespace), body });
  else await requestJson(kubeConfig, { method: 'PUT', path, body });
}

async function serverAllows({ who, question }: Asked): Promise<boolean> {
  const spec = 'path' in question ? { nonResourceAttributes: question } : { resourceAttributes: question };
  const answer = await reviews.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: who.user, groups: who.groups, ...spec },
    }),
  });
  const { status } = (await answer.body.json()) as { status: { allowed: boolean } };
  assert.equal(answer.statusCode, 201, JSON.stringify(status));
  return status.allowed;
}

/** Where something is allowed is one of the places where it may be. */
function assertWithin({ who, question }: Asked): void {
  if ('path' in question) return;
  const { name: _name, namespace = '', ...about } = question;
  const places = cache.namespacesOf(who, about);
  assert.ok(places === undefined || places.includes(namespace), JSON.stringify({ who, question, places }));
}

let round = 0;
/** Writes `objects`, and waits until the server's authorizer and the cache have seen all of it: each kind in its order. */
async function become(objects: readonly WorldObject[]): Promise<void> {
  round += 1;
  const user = `barrier-${round}`;
  const rules = [{ verbs: ['pass'], apiGroups: ['barrier'], resources: [`round-${round}`] }];
  const subjects = [{ apiGroup: group, kind: 'User', name: user }];
  const roleRef = (kind: string) => ({ apiGroup: group, kind, name: 'barrier' });
  const namespace = 'n1';
  await each(objects, put);
  await each(
    [
      { kind: 'Role', name: 'barrier', namespace, content: { rules } },
      { kind: 'ClusterRole', name: 'barrier', content: { rules } },
      { kind: 'RoleBinding', name: 'barrier', namespace, content: { roleRef: roleRef('Role'), subjects } },
      { kind: 'ClusterRoleBinding', name: 'barrier', content: { roleRef: roleRef('ClusterRole'), subjects } },
    ],
    put,
  );
  const pass = { verb: 'pass', group: 'barrier', resource: `round-${round}` };
  const who = { user, groups: [] };
  await eventually(
    'the cluster-wide kinds are seen',
    async () => {
      const one = { who, question: pass };
      return cache.allows(who, pass) && (await serverAllows(one));
    },
    { intervalMs: 10 },
  );
  // Now without the cluster-wide ones, which would hide the others.
  await put({ kind: 'ClusterRoleBinding', name: 'barrier' });
  await eventually(
    'the namespaced kinds are seen',
    async () => {
      const there = { who, question: { ...pass, namespace } };
      const elsewhere = { who, question: pass };
      return (
        cache.allows(who, there.question) &&
        !cache.allows(who, pass) &&
        (await serverAllows(there)) &&
        !(await serverAllows(elsewhere))
      );
    },
    { intervalMs: 10 },
  );
}

describe('RBAC in the process', () => {
  it('hand-written cases agree with the API server', async () => {
    await become(handWritten);
    const wrong: string[] = [];
    for (const [what, allowed, who, question] of cases) {
      const [here, there] = [cache.allows(who, question), await serverAllows({ who, question })];
      if (here !== allowed || there !== allowed) wrong.push(`${what}: here ${here}, server ${there}`);
    }
    assert.deepEqual(wrong, []);
    await become(handWritten.map(({ content: _content, ...place }) => place));
  });

  it(`says what the server's own SubjectAccessReview says: ${questions} questions`, async (context) => {
    const worlds = fc.sample(changes, { numRuns: rounds, seed });
    const all = fc.sample(asked, { numRuns: questions, seed: seed + 1 });
    const perRound = Math.ceil(questions / rounds);
    let allowed = 0;
    let differences = 0;
    let first: unknown;
    let unchanged = 0;
    let before: { one: Asked; generation: number; answer: boolean }[] = [];
    for (const [index, world] of worlds.entries()) {
      await become(world);
      for (const { one, generation, answer } of before) {
        if (cache.generationOf(one.who) !== generation) continue;
        unchanged += 1;
        assert.equal(
          cache.allows({ ...one.who }, one.question),
          answer,
          'the same generation, another answer',
        );
      }
      before = [];
      await each(all.slice(index * perRound, (index + 1) * perRound), async (one) => {
        const [here, there] = [cache.allows(one.who, one.question), await serverAllows(one)];
        if (there) assertWithin(one);
        before.push({ one, generation: cache.generationOf(one.who), answer: here });
        if (there && !one.who.groups.includes(privilegedGroup)) allowed += 1;
        if (here === there) return;
        differences += 1;
        first ??= { one, here, there };
      });
    }
    context.diagnostic(
      `${differences} differences in ${all.length} questions over ${rounds} worlds (${allowed} allowed by rules; seed ${seed}; ` +
        `${unchanged} times the generation said that nothing changed)`,
    );
    assert.equal(differences, 0, JSON.stringify(first));
    assert.ok(
      allowed > questions / 50 && allowed < (questions * 19) / 20,
      `${allowed} allowed: nothing is shown`,
    );
  });
});
