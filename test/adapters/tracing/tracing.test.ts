import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { promisify } from 'node:util';
import { request } from 'undici';
import { createLogger } from '../../../adapters/logging.ts';
import {
  currentTracer,
  installTracer,
  type Tracer,
  withRootSpan,
  withSpan,
} from '../../../adapters/tracing/spans.ts';
import { startTracing } from '../../../adapters/tracing/start-tracing.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { startTraceReceiver, type TraceReceiver } from '../../support/trace-receiver.ts';

const logger = createLogger('test', 'fatal');
let receiver: TraceReceiver;
let tracer: Tracer | undefined;
before(async () => {
  receiver = await startTraceReceiver();
});
after(() => receiver?.close());
afterEach(async () => {
  await tracer?.stop();
  installTracer(undefined);
});

async function started(config?: object, env: NodeJS.ProcessEnv = {}) {
  tracer = await startTracing('worker', config && { endpoint: receiver.url, ...config }, logger, env);
}
/** Sends what is left, and gives the spans of `name`. */
async function received(name: string) {
  await tracer?.stop();
  return receiver.spans.filter((span) => span.name === name);
}

test('without a receiver nothing is loaded, and nothing is traced', async () => {
  await started();
  await started(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED: 'true' });
  await started(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_EXPORTER: 'none' });
  assert.equal(tracer, undefined);
  assert.equal(currentTracer(), undefined);
  assert.equal(await withRootSpan({ name: 'off' }, async (span) => span), undefined);
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    `import { registerHooks } from 'node:module';
     const loaded = [];
     registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
     const { startTracing } = await import(${JSON.stringify(new URL('../../../adapters/tracing/start-tracing.ts', import.meta.url).href)});
     await startTracing('worker', undefined, undefined, {});
     console.log(loaded.filter((url) => url.includes('opentelemetry')).length);`,
  ]);
  assert.equal(stdout, '0\n');
});

test('spans nest, requests are part of them, and neither tells queries or messages', async (context) => {
  const server = createServer((_request, response) => response.writeHead(404).end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await started({});
  const failure = new PlatformError('conflict', 'a secret text');
  await assert.rejects(
    withRootSpan({ name: 'outer' }, () =>
      withSpan({ name: 'inner' }, async () => {
        const answer = await request(`http://127.0.0.1:${port}/exec?command=secret-argument`);
        await answer.body.dump();
        throw failure;
      }),
    ),
    failure,
  );
  const [outer] = await received('outer');
  const [inner] = await received('inner');
  const [get] = await received('GET');
  assert.ok(outer && inner && get);
  assert.equal(outer.service, 'vcluster-platform-worker');
  assert.deepEqual(
    [outer.parentSpanId, inner.parentSpanId, get.parentSpanId],
    [undefined, outer.spanId, inner.spanId],
  );
  assert.deepEqual([inner.failed, inner.attributes], [true, { 'error.type': 'conflict' }]);
  assert.deepEqual(get.attributes, {
    'http.request.method': 'GET',
    'url.path': '/exec',
    'server.address': '127.0.0.1',
    'server.port': port,
    'http.response.status_code': 404,
    'error.type': '404',
  });
  assert.doesNotMatch(receiver.bodies.join(), /secret/);
});

const traceId = '0af7651916cd43dd8448eb211c80319c';
const asked = (flags: string) => ({ traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` });

test("a client's trace goes on; one that is not sampled is not begun", async () => {
  await started({ sampleRatio: 0 });
  const spans: unknown[] = [];
  const work = async (span: unknown) => void spans.push(span, currentTracer()?.context());
  await withRootSpan({ name: 'unsampled' }, work, asked('00'));
  await withRootSpan({ name: 'not begun' }, work);
  assert.deepEqual(spans, [undefined, undefined, undefined, undefined]);
  const context = await withRootSpan(
    { name: 'sampled' },
    async () => currentTracer()?.context(),
    asked('01'),
  );
  const [sampled] = await received('sampled');
  assert.deepEqual([sampled?.traceId, sampled?.parentSpanId], [traceId, 'b7ad6b7169203331']);
  assert.equal(context?.traceparent, `00-${traceId}-${sampled?.spanId}-01`);
  assert.deepEqual([await received('unsampled'), await received('not begun')], [[], []]);
});

test('the variables of OpenTelemetry say where to, and how many', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER: 'always_off' };
  Object.assign(process.env, env);
  try {
    await started(undefined, env);
    await withRootSpan({ name: 'never' }, async () => undefined, asked('01'));
    await received('never');
    await started(undefined, {
      ...env,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    await withRootSpan({ name: 'by variables' }, async () => undefined, asked('01'));
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
  assert.deepEqual([(await received('never')).length, (await received('by variables')).length], [0, 1]);
});

test('a span that is over is drawn with its id and times', async () => {
  await started({});
  const times = { startedAt: new Date(1000), endedAt: new Date(2500) };
  tracer?.record({
    name: 'past',
    parent: asked('01'),
    spanId: 'aaaaaaaaaaaaaaaa',
    failure: 'failed',
    ...times,
  });
  const [past] = await received('past');
  assert.deepEqual(
    [past?.traceId, past?.spanId, past?.startMs, past?.endMs, past?.failed],
    [traceId, 'aaaaaaaaaaaaaaaa', 1000, 2500, true],
  );
});
