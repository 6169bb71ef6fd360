import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { ManagementFixture } from './management-fixture.ts';

const base = '/api/v1/projects/alpha/virtualclusters';

interface Context {
  readonly fixture: ManagementFixture;
  newInstance(name: string): Promise<void>;
}

/** Operations that are only judged. Ben administers project alpha, carl nothing; there is no worker, so what is submitted waits. */
export function dryRunCases(context: () => Context): void {
  const post = (user: string, name: string, body: object, headers: Record<string, string> = {}) =>
    context().fixture.call(user, 'POST', `${base}/${name}/operations`, body, headers);
  const judge = async (name: string, body: object): Promise<OperationPreview> => {
    const answer = await post('ben', name, { ...body, dryRun: true });
    assert.equal(answer.status, 200, answer.text);
    return answer.json() as unknown as OperationPreview;
  };
  const state = async (name: string) => {
    const { fixture } = context();
    const instance = await fixture.resources.virtualclusterinstances.get({ namespace: 'p-alpha', name });
    const listed = await fixture.call('ben', 'GET', `${base}/${name}/operations`);
    const { items } = listed.json() as unknown as { items: Operation[] };
    return { instance, operations: items.map(({ id, state: is }) => `${id} ${is}`) };
  };

  it('200: says what each operation would do, and changes nothing', async () => {
    await context().newInstance('judged');
    const before = await state('judged');
    const bodies = [
      { type: 'create' },
      { type: 'update' },
      { type: 'sleep', parameters: { forceDurationSeconds: 60 } },
      { type: 'wake' },
      { type: 'snapshot' },
      { type: 'restore', parameters: { snapshot: 'one' } },
      { type: 'delete' },
    ];
    for (const body of bodies) {
      const preview = await judge('judged', body);
      const { type, outcome, tenantCluster, behind, supersedes, cancels, steps } = preview;
      assert.deepEqual([type, outcome, tenantCluster], [body.type, 'queued', 'judged']);
      assert.deepEqual([...behind, ...supersedes, ...cancels], []);
      assert.ok(steps.length > 1 && steps.every(({ title, undo }) => title !== '' && undo !== ''), type);
    }
    assert.match(String((await judge('judged', { type: 'snapshot' })).parameters['snapshot']), /^s-\d{4}-/);
    assert.deepEqual(await state('judged'), before);
  });

  it('200: says what it would join, wait for, supersede, and what keeps it from being accepted', async () => {
    const { fixture, newInstance } = context();
    await newInstance('busy');
    const made = await post('ben', 'busy', { type: 'sleep' });
    const { id } = made.json() as { id: string };
    const met = { id, type: 'sleep', state: 'queued', actor: 'ben@example.com' };
    const joined = await judge('busy', { type: 'sleep' });
    assert.deepEqual([joined.outcome, joined.joins], ['joined', met]);
    const waiting = await judge('busy', { type: 'wake' });
    assert.deepEqual([waiting.outcome, waiting.behind], ['queued', [met]]);
    const last = await judge('busy', { type: 'delete' });
    assert.deepEqual([last.outcome, last.behind, last.supersedes], ['queued', [], [met]]);
    assert.deepEqual((await state('busy')).operations, [`${id} queued`]);
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'busy' },
      { metadata: { finalizers: ['test/keeps-it'] } },
    );
    assert.equal((await post('ben', 'busy', { type: 'delete' })).status, 202);
    const beside = await post('ben', 'busy', { type: 'snapshot', dryRun: true });
    assert.equal(beside.status, 409, beside.text);
    assert.match(beside.text, /it is being deleted, so snapshot is not possible/);
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'busy' },
      { metadata: { finalizers: null } },
    );
  });

  it('200: does not use up an idempotency key', async () => {
    await context().newInstance('unused');
    const key = { 'idempotency-key': 'tried' };
    const tried = await post('ben', 'unused', { type: 'sleep', dryRun: true }, key);
    assert.equal(tried.status, 200, tried.text);
    const done = await post('ben', 'unused', { type: 'snapshot' }, key);
    assert.equal(done.status, 202, done.text);
    const again = (await post('ben', 'unused', { type: 'snapshot', dryRun: true }, key)).json();
    assert.equal((again['joins'] as { id: string }).id, done.json()['id']);
    assert.equal((await post('ben', 'unused', { type: 'sleep', dryRun: true }, key)).status, 409);
  });

  it('refuses what it would refuse, for the same reason', async () => {
    const { fixture, newInstance } = context();
    await newInstance('guarded');
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'guarded' },
      { metadata: { labels: { 'loft.sh/non-deletable': 'true' } } },
    );
    const refused: [user: string, name: string, body: object][] = [
      ['ben', 'guarded', { type: 'delete' }],
      ['ben', 'nothing', { type: 'sleep' }],
      ['ben', 'guarded', { type: 'wake', parameters: { snapshot: 'a' } }],
      ['ben', 'guarded', { type: 'restore' }],
      ['carl', 'guarded', { type: 'sleep' }],
      ['', 'guarded', { type: 'sleep' }],
    ];
    for (const [user, name, body] of refused) {
      const judged = await post(user, name, { ...body, dryRun: true });
      const real = await post(user, name, body);
      const said = ({ status, text }: typeof real) => {
        const { requestId: _ofEach, ...problem } = JSON.parse(text) as { requestId: string };
        return { status, problem };
      };
      assert.ok(judged.status >= 400, `${user} ${JSON.stringify(body)}: ${judged.text}`);
      assert.deepEqual(said(judged), said(real));
    }
  });
}
