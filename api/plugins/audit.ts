import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Audit } from '../audit/audit.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import { captureRequest, captureResponse, jsonBody } from '../audit/body-capture.ts';
import { actorOf } from '../audit/sender.ts';
import { isRead } from '../audit/describe-request.ts';
import { asPlatformError } from '../http/failures.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's entry in the audit log. */
    audit: AuditEntry;
  }
}

/**
 * Records every request in the audit log. Registered before authentication, so that refused callers are recorded too;
 * an event ends with the connection's answer, whether it was finished or broke off.
 */
export const audit = fp(
  async (app: FastifyInstance, options: { audit: Audit }) => {
    app.decorateRequest('audit', null as unknown as AuditEntry);
    // Callbacks, not promises: they run for every request.
    app.addHook('onRequest', (request, reply, done) => {
      request.audit = options.audit.begin(request.id, request.raw);
      // Unknown paths are not an event: there is nothing that anybody could have done.
      if (!request.is404) reply.raw.once('close', () => finish(request, reply));
      done();
    });
    app.addHook('preHandler', (request, reply, done) => {
      if (!request.is404) attempt(request, reply);
      done();
    });
    app.addHook('onError', (request, _reply, error, done) => {
      request.audit.fails(asPlatformError(error).code);
      done();
    });
    app.addHook('preSerialization', (request, _reply, payload, done) => {
      if (!isRead(request.audit.description.verb) && isOperation(payload))
        request.audit.startsOperation(payload.id);
      done(null, payload);
    });
  },
  { name: 'audit' },
);

function attempt(request: FastifyRequest, { raw }: FastifyReply): void {
  if (request.caller === undefined) return;
  const level = request.audit.identify(actorOf(request.caller));
  if (level === 'Request' || level === 'RequestResponse') {
    const { body } = request;
    request.audit.keepBodies({
      request: body === undefined || body === null ? captureRequest(request.raw) : () => jsonBody(body),
      ...(level === 'RequestResponse' ? { response: captureResponse(raw) } : {}),
    });
  }
  if (!isRead(request.audit.description.verb)) request.audit.attempted();
}

function finish(request: FastifyRequest, { raw }: FastifyReply): void {
  const { audit: entry, caller } = request;
  // Turned away between authentication and handler: known all the same.
  if (caller !== undefined && !entry.identified) entry.identify(actorOf(caller));
  entry.end({
    ...(raw.headersSent ? { code: raw.statusCode } : {}),
    ...(raw.writableFinished ? {} : { aborted: true }),
  });
}

function isOperation(payload: unknown): payload is { id: string } {
  return typeof payload === 'object' && payload !== null && 'id' in payload && 'steps' in payload;
}
