import { subscribe } from 'node:diagnostics_channel';
import type { OpenSpan, Tracer } from './spans.ts';

/** What undici says of a request, as far as it is read here. */
interface UndiciRequest {
  readonly origin: string | URL;
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/**
 * Makes a span of each HTTP request that this process sends as part of something that is traced, by what undici publishes (that of
 * Node and that of npm alike). Without queries: they may hold the command of an `exec`.
 */
export function traceRequests(tracer: Tracer): void {
  const spans = new WeakMap<object, OpenSpan>();
  const on = <T>(name: string, handle: (message: T) => void) =>
    subscribe(`undici:request:${name}`, (message) => handle(message as T));

  on<{ request: UndiciRequest }>('create', ({ request }) => {
    const { origin, method, path } = request;
    if (!tracer.isActive() || method === 'CONNECT') return;
    const server = URL.parse(String(origin));
    const span = tracer.child({
      name: method,
      kind: 'client',
      attributes: {
        'http.request.method': method,
        'url.path': path.split('?', 1)[0],
        'server.address': server?.hostname,
        'server.port': server?.port ? Number(server.port) : undefined,
      },
    });
    if (span !== undefined) spans.set(request, span);
  });
  on<{ request: UndiciRequest; response: { statusCode: number } }>('headers', ({ request, response }) => {
    const { statusCode } = response;
    spans.get(request)?.set({
      'http.response.status_code': statusCode,
      ...(statusCode >= 400 ? { 'error.type': String(statusCode) } : {}),
    });
  });
  const end = (request: object, failure?: string) => {
    spans.get(request)?.end(failure);
    spans.delete(request);
  };
  on<{ request: object }>('trailers', ({ request }) => end(request));
  on<{ request: object; error: Error }>('error', ({ request, error }) => {
    // That of a DOMException (a timeout, say) is a number.
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    spans.get(request)?.set({ 'error.type': code });
    end(request, code);
  });
}
