import { Agent, type Dispatcher, ProxyAgent, request } from 'undici7';
import { failureOf, notThePlatform } from '../failures/answer-failure.ts';
import { CommandFailure } from '../failures/failure.ts';
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
  /** An answer as it comes in; by default server-sent events. */
  stream(path: string, signal: AbortSignal, accept?: string): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;
/** For the head of an answer: what takes longer is an operation, which is accepted at once. */
const headersTimeoutMs = 60_000;

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
      if (answer.statusCode >= 400) throw failureOf(url, answer, text);
      return (text === '' ? undefined : parse(text, url)) as never;
    },
    async stream(path, signal, accept = 'text/event-stream') {
      const headers = { ...authorization, accept };
      const answer = await request(`${url}${path}`, { dispatcher: agent, headers, signal }).catch(
        unreachable,
      );
      if (answer.statusCode >= 400) throw failureOf(url, answer, await answer.body.text().catch(unreachable));
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
  const timeouts = { headersTimeout: headersTimeoutMs, bodyTimeout: 0 };
  if (proxy === undefined) return new Agent({ connect, ...timeouts });
  return new ProxyAgent({
    uri: proxy.href,
    requestTls: connect,
    proxyTls: { timeout: connectTimeoutMs },
    ...timeouts,
  });
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notThePlatform(url);
  }
}

const certificateProblems = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS/;
const otherProtocols = /EPROTO|ERR_SSL|HPE_/;
/** Codes that say nothing to people. */
const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is unknown: ENOTFOUND',
  EAI_AGAIN: 'its name cannot be looked up now: EAI_AGAIN',
  UND_ERR_CONNECT_TIMEOUT: `no connection within ${connectTimeoutMs / 1000} s`,
  UND_ERR_HEADERS_TIMEOUT: `no answer within ${headersTimeoutMs / 1000} s`,
};

function failToReach(url: string, proxy: URL | undefined, error: unknown): never {
  const { code = '', message } = (error instanceof AggregateError ? error.errors[0] : error) as Error & {
    code?: string;
  };
  if (certificateProblems.test(code)) {
    throw new CommandFailure(
      'invalid_request',
      `the certificate of ${url} cannot be verified (${code}): log in with --ca-file <file>, or --insecure`,
      { next: `vcp login ${url} --ca-file <file>` },
    );
  }
  const through = proxy === undefined ? '' : ` through the proxy ${proxy.protocol}//${proxy.host}`;
  if (otherProtocols.test(code))
    throw new CommandFailure(
      'invalid_request',
      `the server at ${url}${through} does not speak HTTPS (${code})`,
      {
        next: 'vcp login <url>',
      },
    );
  // What a proxy refuses has the code of a request that its caller ended.
  const reason = code === '' || code === 'UND_ERR_ABORTED' ? message : (reasons[code] ?? code);
  throw new CommandFailure(
    'management_unavailable',
    `the platform at ${url} is unreachable${through} (${reason})`,
  );
}
