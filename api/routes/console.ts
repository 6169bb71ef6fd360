import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Gateway } from '../gateway.ts';
import { addressInUse } from '../http/address-in-use.ts';

/** Where the console is, on the platform's own origin. */
const base = '/console';
const options = { config: { access: 'public' }, schema: { hide: true } } as const;
/** Names of these files have a hash of what is in them. */
const forever = { maxAge: '365d', immutable: true } as const;

/**
 * The web console (`web/`, as it was built): `/console/…` is its page, whatever the path, `/console/assets/…` its scripts and styles,
 * and `/` leads to it. Public: it holds no data; what it asks for needs a session. Absent where the configuration names no folder.
 */
export async function consoleRoutes(
  app: FastifyInstance,
  { consoleDir, publicUrl }: Pick<Gateway, 'consoleDir' | 'publicUrl'>,
): Promise<void> {
  if (consoleDir === undefined) return;
  const pageFile = join(consoleDir, 'index.html');
  await app.register(fastifyStatic, { root: consoleDir, serve: false, preCompressed: true });

  app.get('/', options, async (_request, reply) => reply.redirect(`${base}/`, 302));
  app.get(base, options, async (_request, reply) => reply.redirect(`${base}/`, 302));
  app.get(`${base}/icon.svg`, options, (_request, reply) => reply.sendFile('icon.svg'));
  app.get(`${base}/assets/:file`, options, (request: FastifyRequest<{ Params: { file: string } }>, reply) =>
    reply.sendFile(`assets/${request.params.file}`, forever),
  );
  app.get(`${base}/*`, options, async (request, reply) =>
    sendPage(reply, await readFile(pageFile, 'utf8'), addressInUse(request.raw, publicUrl)),
  );
}

/** The page, with a nonce of its own for the style elements that its scripts make. */
function sendPage(reply: FastifyReply, page: string, address: string): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('content-security-policy', policyOf(address, nonce))
    .send(page.replace('%CSP_NONCE%', nonce));
}

/** What the page may do: run and show its own files and nothing else of this origin, and talk to this origin. */
function policyOf(address: string, nonce: string): string {
  const assets = `${address}${base}/assets/`;
  return [
    "default-src 'none'",
    `script-src ${assets}`,
    `style-src ${assets} 'nonce-${nonce}'`,
    `img-src ${address}${base}/ data:`,
    `font-src ${assets}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
