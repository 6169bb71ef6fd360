/*
 * What the processes' code says of the time that it takes. Without a tracer (which `start-tracing.ts` loads, if it is asked for)
 * all of it does nothing: OpenTelemetry costs 23 MiB of memory in a process.
 */

/** Names of OpenTelemetry's semantic conventions where there is one, `vcp.…` else. Never values, keys, queries or bodies. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanStart {
  /** Few different ones: what differs from call to call is an attribute. */
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'client';
  readonly attributes?: SpanAttributes;
}

/** A span that is not over. */
export interface OpenSpan {
  set(attributes: SpanAttributes): void;
  /** @param failure a public message, if it failed */
  end(failure?: string): void;
}

/** Where in a trace something is: W3C Trace Context, as its two headers have it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** A span of which begin and end are known already. */
export interface PastSpan extends SpanStart {
  readonly parent: TraceContext;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly failure?: string | undefined;
}

export interface Tracer {
  /** A span of its own beginning, or of the caller's trace; undefined if it is not sampled. */
  root(span: SpanStart, parent?: TraceContext): (OpenSpan & ActiveSpan) | undefined;
  /** A part of the span that is active here; undefined if none is. */
  child(span: SpanStart): (OpenSpan & ActiveSpan) | undefined;
  isActive(): boolean;
  /** The span that is active here. */
  context(): TraceContext | undefined;
  record(span: PastSpan): void;
  /** Sends what is left. */
  stop(): Promise<void>;
}

interface ActiveSpan {
  /** Runs `work`, and whatever it begins, inside the span. */
  run<T>(work: () => T): T;
}

let tracer: Tracer | undefined;

/** Undefined if nobody asked for traces. */
export function currentTracer(): Tracer | undefined {
  return tracer;
}

export function installTracer(installed: Tracer | undefined): void {
  tracer = installed;
}

/** The result of `work`, which is a span of the trace that it is part of, if there is one. */
export function withSpan<T>(span: SpanStart, work: (open: OpenSpan | undefined) => Promise<T>): Promise<T> {
  const open = tracer?.child(span);
  return open === undefined ? work(undefined) : endWith(open, work);
}

/** As {@link withSpan}, and begins a trace if there is none. */
export function withRootSpan<T>(
  span: SpanStart,
  work: (open: OpenSpan | undefined) => Promise<T>,
  parent?: TraceContext,
): Promise<T> {
  const open = tracer?.root(span, parent);
  return open === undefined ? work(undefined) : endWith(open, work);
}

async function endWith<T>(open: OpenSpan & ActiveSpan, work: (open: OpenSpan) => Promise<T>): Promise<T> {
  try {
    const result = await open.run(() => work(open));
    open.end();
    return result;
  } catch (error) {
    // Messages of other errors may quote what was sent.
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    open.set({ 'error.type': code ?? (error instanceof Error ? error.name : 'error') });
    open.end('failed');
    throw error;
  }
}
