import { writeFileSync } from 'node:fs';
import { type Dispatcher, request } from 'undici';
import { type ApiDocument, checkDocumented } from '../support/documented-answer.ts';

export interface FixtureAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  json(): Record<string, unknown>;
}

/** A request with the user's key (`''`: none); a body that is no string goes as JSON. */
export type UserCall = (
  user: string,
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<FixtureAnswer>;

/** Key of a test user. */
export function keyOf(user: string): string {
  return `key-of-${user}`;
}

export function createUserCall(url: string, dispatcher: Dispatcher, document?: ApiDocument): UserCall {
  return async (user, method, path, body, headers = {}) => {
    const answer = await request(`${url}${path}`, {
      method: method as 'GET',
      dispatcher,
      headers: {
        ...(user === '' ? {} : { authorization: `Bearer ${keyOf(user)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const contentType = answer.headers['content-type'];
    if (document !== undefined)
      checkDocumented(document, { method, path, status: answer.statusCode, contentType, text });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text,
      json: () => JSON.parse(text) as Record<string, unknown>,
    };
  };
}

/** Writes a kubeconfig with the user's key to `file`, and gives its path. */
export function writeUserKubeconfig(file: string, caFile: string, server: string, user: string): string {
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'u', user: { token: keyOf(user) } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
  return file;
}
