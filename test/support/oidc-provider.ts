import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import Provider from 'oidc-provider';
import { request } from 'undici';

export const oidcClient = { id: 'vcluster-platform', secret: 'test-client-secret-of-32-characters' } as const;

/** What the provider says of somebody, beside `sub`. */
export type OidcAccount = Record<string, unknown>;

export interface TestOidcProvider {
  readonly issuer: string;
  readonly accounts: Record<string, OidcAccount>;
  /** The key that it signs with now, and its id. */
  key(): { privateKey: KeyObject; kid: string };
  /** Signs with a new key from now on; the old one is forgotten. */
  rotate(): Promise<void>;
  /** Goes through the provider's pages as `sub` and gives the address that it sends the browser back to. */
  logIn(authorizationUrl: string, sub: string): Promise<URL>;
  stop(): Promise<void>;
}

/** A real OpenID provider on a loopback port. */
export async function startOidcProvider(redirectUri: string): Promise<TestOidcProvider> {
  let handle: RequestListener = () => undefined;
  const server = createServer((incoming, answer) => handle(incoming, answer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const accounts: Record<string, OidcAccount> = {};
  let current = newKey();

  async function serve(): Promise<void> {
    const jwk = { ...(await exportJWK(current.privateKey)), kid: current.kid, use: 'sig', alg: 'RS256' };
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: oidcClient.id,
          client_secret: oidcClient.secret,
          redirect_uris: [redirectUri],
        },
      ],
      jwks: { keys: [jwk] } as never,
      claims: { email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      cookies: { keys: ['test'] },
      findAccount: (_context: unknown, sub: string) => ({
        accountId: sub,
        claims: async () => ({ sub, ...accounts[sub] }),
      }),
    });
    const answer = provider.callback();
    handle = (incoming, outgoing) => void answer(incoming, outgoing);
  }
  await serve();

  return {
    issuer,
    accounts,
    key: () => current,
    async rotate() {
      current = newKey();
      await serve();
    },
    logIn: (url, sub) => throughPages(url, sub, redirectUri),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function newKey(): { privateKey: KeyObject; kid: string } {
  return { privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, kid: randomUUID() };
}

const maxPages = 12;

/** What a browser does with the provider's own login and consent pages. */
async function throughPages(start: string, sub: string, redirectUri: string): Promise<URL> {
  const cookies = new Map<string, { path: string; pair: string }>();
  let url = new URL(start);
  let form: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const cookie = [...cookies.values()]
      .filter(({ path }) => url.pathname.startsWith(path))
      .map(({ pair }) => pair)
      .join('; ');
    const answer = await request(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        cookie,
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { body: form }),
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const path = attributes.find((one) => one.startsWith('path='))?.slice(5) ?? '/';
      cookies.set(`${path} ${pair.split('=')[0]}`, { path, pair });
    }
    const text = await answer.body.text();
    const { location } = answer.headers;
    form = undefined;
    if (typeof location === 'string') {
      url = new URL(location, url);
      if (url.href.startsWith(redirectUri)) return url;
      continue;
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
    if (prompt === undefined) throw new Error(`the provider shows no form: ${answer.statusCode} ${text}`);
    form = new URLSearchParams({ prompt, login: sub, password: 'any' }).toString();
  }
  throw new Error('the provider goes round in circles');
}
