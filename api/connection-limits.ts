import type { GatewayConfig } from '../contracts/config.ts';

/** What clients' connections may cost, in milliseconds but for `max`. */
export interface ConnectionLimits {
  /** Connections at the same time. */
  readonly max: number;
  /** For the TLS handshake. */
  readonly handshakeMs: number;
  /** For the head of a request, the first one's from the connection on. */
  readonly headersMs: number;
  /** For a request with its body; answers may take for ever. */
  readonly requestMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
  /** For a client to take anything of what is being sent to it. */
  readonly stallMs: number;
  /** For what is under way when the gateway stops. */
  readonly stopMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  max: 10_000,
  handshakeMs: 10_000,
  headersMs: 20_000,
  requestMs: 300_000,
  keepAliveMs: 75_000,
  stallMs: 300_000,
  stopMs: 4_000,
};

export function connectionLimitsOf({ connections = {} }: GatewayConfig): ConnectionLimits {
  const { max, handshakeSeconds, headersSeconds, requestSeconds, keepAliveSeconds, stallSeconds } =
    connections;
  const given = {
    max,
    handshakeMs: milliseconds(handshakeSeconds),
    headersMs: milliseconds(headersSeconds),
    requestMs: milliseconds(requestSeconds),
    keepAliveMs: milliseconds(keepAliveSeconds),
    stallMs: milliseconds(stallSeconds),
    stopMs: milliseconds(connections.stopSeconds),
  };
  const isGiven = ([, value]: [string, number | undefined]) => value !== undefined;
  return { ...defaultConnectionLimits, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
