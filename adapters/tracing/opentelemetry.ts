import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import {
  type Context,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../../contracts/tracing-config.ts';
import type { Logger } from '../logging.ts';
import type { SpanAttributes, SpanStart, TraceContext, Tracer } from './spans.ts';

const kinds = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;
/** A process that ends waits so long for a receiver. */
const stopMs = 2_000;

/** A tracer that sends to the receiver of `config`, else of OpenTelemetry's variables. */
export function createTracer(
  serviceName: string,
  config: TracingConfig,
  env: NodeJS.ProcessEnv,
  logger: Logger,
): Tracer {
  const say = (level: 'debug' | 'warn') => (message: string) => logger[level]({ about: 'traces' }, message);
  diag.setLogger(
    { error: say('warn'), warn: say('warn'), info: say('debug'), debug: say('debug'), verbose: say('debug') },
    DiagLogLevel.WARN,
  );
  const ids = new ChosenIds();
  const provider = new TracerProvider({
    sampler: samplerOf(config, env),
    idGenerator: ids,
    resource: defaultResource()
      .merge(
        resourceFromAttributes({ 'service.name': serviceName, 'service.namespace': 'vcluster-platform' }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(exporterOf(config)) })],
  });
  const tracer = provider.getTracer('vcluster-platform');
  const active = new AsyncLocalStorage<Span>();

  function start(span: SpanStart, parent: Context, startTime?: Date): Span {
    const { name, kind = 'internal', attributes = {} } = span;
    return tracer.startSpan(
      name,
      {
        kind: kinds[kind],
        attributes: defined(attributes),
        ...(startTime === undefined ? {} : { startTime }),
      },
      parent,
    );
  }

  function open(span: Span) {
    if (!span.isRecording()) return undefined;
    return {
      set: (attributes: SpanAttributes) => void span.setAttributes(defined(attributes)),
      end(failure?: string) {
        if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
        span.end();
      },
      run: <T>(work: () => T): T => active.run(span, work),
    };
  }

  return {
    root: (span, parent) => open(start(span, contextOf(parent))),
    child(span) {
      const parent = active.getStore();
      return parent && open(start(span, trace.setSpan(ROOT_CONTEXT, parent)));
    },
    isActive: () => active.getStore() !== undefined,
    context() {
      const span = active.getStore();
      return span && headersOf(span);
    },
    record({ spanId, parent, startedAt, endedAt, failure, ...span }) {
      ids.next = spanId;
      const past = start(span, contextOf(parent), startedAt);
      ids.next = undefined;
      if (failure !== undefined) past.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      past.end(endedAt);
    },
    async stop() {
      let timer;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, stopMs);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), limit]);
      clearTimeout(timer);
    },
  };
}

/** Random, but for a span whose id is known before it is made. */
class ChosenIds extends RandomIdGenerator {
  next: string | undefined;
  constructor() {
    super();
    const random = this.generateSpanId;
    this.generateSpanId = () => this.next ?? random();
  }
}

function contextOf(parent: TraceContext | undefined): Context {
  const spanContext = parent && parseTraceParent(parent.traceparent);
  if (!spanContext) return ROOT_CONTEXT;
  const { tracestate } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...spanContext,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: new TraceState(tracestate) }),
  });
}

function headersOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const tracestate = traceState?.serialize();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    ...(tracestate ? { tracestate } : {}),
  };
}

function exporterOf({ endpoint, headersFile }: TracingConfig) {
  return {
    ...(endpoint === undefined ? {} : { url: `${endpoint.replace(/\/$/, '')}/v1/traces` }),
    ...(headersFile === undefined ? {} : { headers: readHeaders(headersFile) }),
  };
}

/** `Name: value` a line. */
function readHeaders(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** As OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say it, unless the configuration says a part. */
function samplerOf({ sampleRatio }: TracingConfig, env: NodeJS.ProcessEnv): Sampler {
  if (sampleRatio !== undefined)
    return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) });
  const [, parentBased, kind = 'always_on'] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(
    env['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on',
  ) ?? ['', 'parentbased_'];
  const root = rootSampler(kind, Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? 1));
  return parentBased === undefined ? root : new ParentBasedSampler({ root });
}

function rootSampler(kind: string, ratio: number): Sampler {
  if (kind === 'traceidratio') return new TraceIdRatioBasedSampler(ratio);
  return kind === 'always_off' ? new AlwaysOffSampler() : new AlwaysOnSampler();
}

function defined(attributes: SpanAttributes): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(attributes).filter(
      (entry): entry is [string, string | number | boolean] => entry[1] !== undefined,
    ),
  );
}
