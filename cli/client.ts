import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { type ErrorCode, isErrorCode } from '../contracts/errors.ts';
import { CommandFailure } from './failure.ts';
import type { Login } from './login-file.ts';
import { proxyFor } from './proxy.ts';

/** Calls of the platform's API with the key of a login. */
export interface Client {
  readonly url: string;
  /** The JSON of the answer. @throws CommandFailure for every response that is not a success */
  call<T>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T>;
  /** An answer as it comes in. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;

/** @throws CommandFailure `invalid_request` if the environment names a proxy that is not one */
export function createClient(login: Login): Client {
  const { url, accessKey } = login;
  const proxy = proxyFor(url);
  const agent = createAgent(login, proxy);
  const unreachable = (error: unknown) => failToReach(url, proxy, error);
  const authorization = { authorization: `Bearer ${accessKey}`, 'user-agent': 'vcp' };

  return {
    url,
    async call(method, path, body, headers = {}) {
      const answer = await request(`${url}${path}`, {
        method,
        dispatcher: agent,
        headers: {
          ...authorization,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).catch(unreachable);
      const text = await answer.body.text().catch(unreachable);
      if (answer.statusCode >= 400) throw failureOf(answer.statusCode, text, answer.headers['x-request-id']);
      return (text === '' ? undefined : parse(text, url)) as never;
    },
    async stream(path, signal) {
      const headers = { ...authorization, accept: 'text/event-stream' };
      const answer = await request(`${url}${path}`, { dispatcher: agent, headers, signal }).catch(
        unreachable,
      );
      if (answer.statusCode >= 400)
        throw failureOf(answer.statusCode, await answer.body.text(), answer.headers['x-request-id']);
      return answer.body;
    },
    close: () => agent.destroy(),
  };
}

function createAgent({ certificateAuthority, insecure = false }: Login, proxy: URL | undefined): Dispatcher {
  const connect = {
    timeout: connectTimeoutMs,
    rejectUnauthorized: !insecure,
    ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
  };
  if (proxy === undefined) return new Agent({ connect, bodyTimeout: 0 });
  return new ProxyAgent({
    uri: proxy.href,
    requestTls: connect,
    proxyTls: { timeout: connectTimeoutMs },
    bodyTimeout: 0,
  });
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandFailure('invalid_request', `the server at ${url} is not vcluster-platform`);
  }
}

const certificateProblems = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS/;

function failToReach(url: string, proxy: URL | undefined, error: unknown): never {
  const { code = '', message } = (error instanceof AggregateError ? error.errors[0] : error) as Error & {
    code?: string;
  };
  if (certificateProblems.test(code)) {
    throw new CommandFailure(
      'invalid_request',
      `the certificate of ${url} cannot be verified (${code}): log in with --ca-file <file>, or --insecure`,
    );
  }
  const through = proxy === undefined ? '' : ` through the proxy ${proxy.protocol}//${proxy.host}`;
  // What a proxy refuses has the code of a request that its caller ended.
  const reason = code === '' || code === 'UND_ERR_ABORTED' ? message : code;
  throw new CommandFailure(
    'management_unavailable',
    `the platform at ${url} is unreachable${through} (${reason})`,
  );
}

interface ErrorBody {
  readonly code?: unknown;
  readonly detail?: string;
  readonly title?: string;
  // of a Kubernetes Status
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: { readonly reason?: string }[] };
}

function failureOf(status: number, text: string, requestId: unknown): CommandFailure {
  const body = parseErrorBody(text);
  const id = typeof requestId === 'string' ? requestId : undefined;
  if (body?.kind === 'Status') {
    // The word is for tools that look for it; our title says it too.
    const message = body.message?.replace(/^Unauthorized: /, '') ?? `the API answered ${status}`;
    return new CommandFailure(codeOfStatus(status, body), message, {
      requestId: id,
      problem: body,
    });
  }
  const code = isErrorCode(body?.code) ? body.code : codeOfHttp(status);
  return new CommandFailure(code, body?.detail ?? body?.title ?? `the platform responded ${status}`, {
    requestId: id,
    problem: body,
  });
}

function parseErrorBody(text: string): ErrorBody | undefined {
  try {
    return JSON.parse(text) as ErrorBody;
  } catch {
    return undefined; // a proxy in between answered
  }
}

function codeOfStatus(status: number, body: ErrorBody): ErrorCode {
  const ours = body.details?.causes?.map(({ reason }) => reason).find(isErrorCode);
  if (ours !== undefined) return ours;
  return body.reason === 'AlreadyExists' ? 'already_exists' : codeOfHttp(status);
}

function codeOfHttp(status: number): ErrorCode {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  if (status === 413) return 'too_large';
  if (status < 500) return 'invalid_request';
  return status === 500 ? 'internal' : 'management_unavailable';
}
