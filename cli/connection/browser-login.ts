import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandFailure } from '../failures/failure.ts';

/** Nothing but this machine can connect to it. */
const loopback = '127.0.0.1';
const patienceMs = 600_000;
const keyPattern = /^[\x21-\x7e]{1,512}$/;

/** A login by browser that has begun. */
export interface BrowserLogin {
  /** Page of the platform on which its user logs in and agrees. */
  readonly address: string;
  /** The access key that the page brings. @throws CommandFailure `unauthenticated` if none comes within ten minutes */
  readonly accessKey: Promise<string>;
}

/**
 * Waits on a loopback address for the key that the login page of the platform at `url` brings. What comes without the
 * state, which only that page was told, is refused: no other page can log its reader in as somebody else.
 */
export async function beginBrowserLogin(url: string): Promise<BrowserLogin> {
  const state = randomBytes(32).toString('base64url');
  const server = createServer().listen(0, loopback);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const address = `${url}/login?${new URLSearchParams({ cli: 'true', port: String(port), state })}`;
  return { address, accessKey: receiveKey(server, url, `${loopback}:${port}`, state) };
}

async function receiveKey(server: Server, url: string, host: string, state: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        const key = keyOf(request, host, state);
        response.setHeader('connection', 'close');
        response.setHeader('cache-control', 'no-store');
        response.setHeader('referrer-policy', 'no-referrer');
        if (key === undefined) {
          response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
          return;
        }
        // The browser shall not go on showing an address with a key in it.
        response.writeHead(303, { location: `${url}/login?done=true` }).end(() => resolve(key));
      });
      timer = setTimeout(() => {
        const waited = `nobody logged in by browser within ${patienceMs / 60_000} minutes`;
        reject(new CommandFailure('unauthenticated', waited));
      }, patienceMs);
    });
  } finally {
    clearTimeout(timer);
    server.close();
    server.closeAllConnections();
  }
}

/** The key that a request brings; undefined if it is not the one that is waited for. */
function keyOf(
  { method, url = '', headers }: IncomingMessage,
  host: string,
  state: string,
): string | undefined {
  if (method !== 'GET' || headers.host !== host || !URL.canParse(url, `http://${host}`)) return undefined;
  const { pathname, searchParams } = new URL(url, `http://${host}`);
  const given = Buffer.from(searchParams.get('state') ?? '');
  const wanted = Buffer.from(state);
  if (pathname !== '/login' || given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return undefined;
  const key = searchParams.get('key') ?? '';
  return keyPattern.test(key) ? key : undefined;
}
