/**
 * `node gateway-bare.ts <settings.json>`: the least that a proxy can do, `@fastify/reply-from` on Fastify with TLS on
 * both sides, in a process of its own. It asks nobody who they are and changes nothing. Prints its port.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import replyFrom from '@fastify/reply-from';
import Fastify from 'fastify';

/** What it serves with, and whom it asks. */
export interface BareSettings {
  readonly certificate: string;
  readonly key: string;
  readonly upstream: string;
  readonly client: { readonly ca: string; readonly cert: string; readonly key: string };
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as BareSettings;
const app = Fastify({ https: { cert: settings.certificate, key: settings.key } });
await app.register(replyFrom, {
  base: settings.upstream,
  undici: { connections: 64, connect: settings.client },
});
app.all('/*', (request, reply) => reply.from(request.raw.url ?? '/'));
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(String((app.server.address() as AddressInfo).port));
