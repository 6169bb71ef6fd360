import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../adapters/logging.ts';
import { installTracer, withRootSpan } from '../../adapters/tracing/spans.ts';
import { startTracing } from '../../adapters/tracing/start-tracing.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { operationWorkflowId } from '../../contracts/workflows.ts';
import { startTraceReceiver } from '../support/trace-receiver.ts';
import type { LifecycleFixture } from './lifecycle-fixture.ts';

/** From submit to activities, through Temporal. */
export function traceCases(fixture: () => LifecycleFixture): void {
  test('an operation that is submitted in a trace is drawn in it, with its steps and activities', async (context) => {
    const receiver = await startTraceReceiver();
    context.after(() => receiver.close());
    const tracer = await startTracing(
      'worker',
      { endpoint: receiver.url },
      createLogger('test', 'fatal'),
      {},
    );
    context.after(() => installTracer(undefined));
    const name = fixture().newName();
    const create = await withRootSpan({ name: 'request' }, () => fixture().run('create', name));
    fixture().cluster.before(name, 'stopControlPlane', () => {
      throw new PlatformError('conflict', 'not for everybody to read');
    });
    const sleep = await withRootSpan({ name: 'another request' }, () => fixture().run('sleep', name));
    assert.deepEqual([create.state, sleep.state], ['succeeded', 'failed']);
    const untraced = await fixture().run('create', fixture().newName());
    await tracer?.stop();

    const { spans } = receiver;
    const named = (wanted: string) => spans.find((span) => span.name === wanted);
    const chain = (leaf: string): string[] => {
      const path: string[] = [];
      for (let span = named(leaf); span !== undefined; ) {
        path.unshift(span.name);
        const { parentSpanId } = span;
        span = spans.find(({ spanId }) => spanId === parentSpanId);
      }
      return path;
    };
    const step = 'Installing Helm release';
    assert.deepEqual(chain('installRelease'), [
      'request',
      'accept operation',
      'create tenant',
      step,
      'installRelease',
    ]);
    assert.deepEqual(
      chain('placeTenant'),
      ['request', 'accept operation', 'create tenant', 'placeTenant'],
      'one inside the workflow task',
    );
    assert.deepEqual(chain('stopControlPlane'), [
      'another request',
      'accept operation',
      'sleep tenant',
      'Stopping control plane',
      'stopControlPlane',
    ]);
    const operation = named('create tenant');
    assert.ok(operation);
    assert.equal(operation.startMs, Date.parse(create.createdAt));
    assert.deepEqual(
      [operation.attributes['vcp.operation.id'], operation.attributes['vcp.instance'], operation.failed],
      [create.id, name, false],
    );
    assert.equal(
      new Set(spans.filter(({ name: each }) => each !== 'another request').map(({ traceId }) => traceId))
        .size,
      2,
    );
    const failed = named('sleep tenant');
    assert.deepEqual([failed?.failed, failed?.attributes['error.type']], [true, 'conflict']);
    assert.doesNotMatch(receiver.bodies.join(), /not for everybody/);
    assert.ok(!receiver.bodies.join().includes(untraced.id), 'what nobody traces is not sent');

    // The header is all that a history has of it.
    const { events } = await fixture()
      .deps.temporal.workflow.getHandle(operationWorkflowId(create.id))
      .fetchHistory();
    const fields = Object.keys(events?.[0]?.workflowExecutionStartedEventAttributes?.header?.fields ?? {});
    assert.deepEqual(fields, ['_tracer-data']);
  });
}
