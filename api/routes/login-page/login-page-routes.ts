import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

const page = readFileSync(join(import.meta.dirname, 'login-page.html'), 'utf8');

/** What the page may do: run its own script and style, known by their hashes, and talk to this origin. */
const policy = [
  "default-src 'none'",
  `script-src ${hashOf('script')}`,
  `style-src ${hashOf('style')}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * `/login?returnTo=/path`: where people without a session are sent by pages for people. `/login?cli=true`: where a program sends
 * its user for an access key, which the page takes to a loopback address once they are logged in and have agreed:
 * `http://localhost:25843/login?key=…`, where vCluster's CLI waits, or with `&port=…&state=…` to that port, with that state.
 * `/spaces`: where that CLI sends the browser then.
 */
export async function loginPageRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/spaces',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Where the command line of vCluster sends the browser after a login',
        description: 'A page that says that the login is done.',
        operationId: 'getLoginDone',
        tags: ['login'],
        response: { 303: Type.Null({ description: 'To the login page' }) },
      },
    },
    async (_request, reply) => reply.redirect('/login?done=true', 303),
  );
  app.get(
    '/login',
    {
      config: { access: 'public' },
      schema: {
        summary: 'The login page',
        description:
          'For people in browsers. `returnTo` is the page to go on to; `cli`, `key`, `port` and `state` are of a program that waits for an access key.',
        operationId: 'getLoginPage',
        tags: ['login'],
        response: { 200: { description: 'A page', content: { 'text/html': { schema: Type.String() } } } },
      },
    },
    async (_request, reply) =>
      reply
        .header('content-type', 'text/html; charset=utf-8')
        .header('content-security-policy', policy)
        .header('cache-control', 'no-store')
        .send(page),
  );
}

function hashOf(element: 'script' | 'style'): string {
  const [, text = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page) ?? [];
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
