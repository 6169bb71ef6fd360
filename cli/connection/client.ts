import { Agent, type Dispatcher, ProxyAgent, request } from 'undici7';
import { createRestClient, type RestClient } from '../../contracts/rest/client.ts';
import { failureOf, notThePlatform } from '../failures/answer-failure.ts';
import { brokenOff, type RequestLimits, unreachable } from '../failures/unreachable.ts';
import type { Login } from './login-file.ts';
import { proxyFor } from './proxy.ts';

/** Calls of the platform's API with the key of a login. */
export interface Client {
  readonly url: string;
  /** `/api/v1`, typed. Its calls fail as `call` does. */
  readonly api: RestClient;
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

const defaultLimits: RequestLimits = { connectMs: 10_000, answerMs: 60_000, silenceMs: 60_000 };

/** @throws CommandFailure `invalid_request` if the environment names a proxy that is not one */
export function createClient(login: Login, limits: RequestLimits = defaultLimits): Client {
  const { url, accessKey } = login;
  const proxy = proxyFor(url);
  const agent = createAgent(login, proxy, limits);
  const exchange = { url, proxy, limits };
  const failToReach = (error: unknown): never => {
    throw unreachable(exchange, error);
  };
  const authorization = { authorization: `Bearer ${accessKey}`, 'user-agent': 'vcp' };

  const call: Client['call'] = async (method, path, body, headers = {}) => {
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
    }).catch(failToReach);
    const text = await answer.body.text().catch((error: unknown) => {
      throw brokenOff(exchange, error, method !== 'GET');
    });
    if (answer.statusCode >= 400) throw failureOf(url, answer, text);
    return (text === '' ? undefined : parse(text, url)) as never;
  };

  return {
    url,
    api: createRestClient(({ method, path, body, headers }) => call(method, path, body, headers)),
    call,
    async stream(path, signal, accept = 'text/event-stream') {
      const headers = { ...authorization, accept };
      const answer = await request(`${url}${path}`, { dispatcher: agent, headers, signal }).catch(
        failToReach,
      );
      if (answer.statusCode < 400) return answer.body;
      throw failureOf(url, answer, await answer.body.text().catch(failToReach));
    },
    close: () => agent.destroy(),
  };
}

function createAgent(
  { certificateAuthority, insecure = false }: Login,
  proxy: URL | undefined,
  { connectMs, answerMs, silenceMs }: RequestLimits,
): Dispatcher {
  const connect = {
    timeout: connectMs,
    rejectUnauthorized: !insecure,
    ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
  };
  // The platform sends something every 15 s in what it streams of itself; what breaks off is asked for again.
  const timeouts = { headersTimeout: answerMs, bodyTimeout: silenceMs };
  if (proxy === undefined) return new Agent({ connect, ...timeouts });
  return new ProxyAgent({
    uri: proxy.href,
    requestTls: connect,
    proxyTls: { timeout: connectMs },
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
