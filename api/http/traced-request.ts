import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { SpanAttributes, TraceContext } from '../../adapters/tracing/spans.ts';

/** The trace that a client's request is part of (W3C Trace Context). */
export function traceOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return { traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) };
}

/** What a span says of a request: no query, which may hold the command of an `exec` or a one-time code. */
export function requestAttributes(
  id: string,
  { method, url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
): SpanAttributes {
  return {
    'http.request.method': method,
    'url.path': url.split('?', 1)[0],
    'url.scheme': 'https',
    'user_agent.original': headers['user-agent'],
    'vcp.request.id': id,
  };
}
