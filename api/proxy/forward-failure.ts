import type { GatewayRefusal } from '../upstreams/gateway-refusal.ts';
import { DialError } from '../upstreams/upstream.ts';

/** Why nothing of an answer reached the client; the caller still has the response to say so. */
export class ForwardFailure extends Error {
  override readonly name = 'ForwardFailure';
  readonly kind: 'dial' | 'connection' | GatewayRefusal;
  /** Whether the request can be sent again: it had no body. */
  readonly repeatable: boolean;
  /** Bytes of the body that the upstream took before it closed the connection. */
  readonly bytesSent: number;

  constructor(kind: ForwardFailure['kind'], repeatable: boolean, bytesSent: number, cause: unknown) {
    super(kind === 'credential' ? 'upstream and credential of the gateway do not fit' : String(cause), {
      cause,
    });
    this.kind = kind;
    this.repeatable = repeatable;
    this.bytesSent = bytesSent;
  }
}

/** What made a request fail that got no answer. A server with new keys has a new credential for the gateway too. */
export function failureKind(error: unknown): 'dial' | 'connection' | 'credential' {
  if (!(error instanceof DialError)) return 'connection';
  return error.isUntrusted ? 'credential' : 'dial';
}
