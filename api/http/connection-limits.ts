import { readFileSync } from 'node:fs';
import type { GatewayConfig } from '../../contracts/config.ts';

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
  /** Between two requests; longer than clients and proxies keep their idle connections, so that they end them. */
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
  keepAliveMs: 620_000,
  stallMs: 300_000,
  stopMs: 4_000,
};

/** Descriptors that do not belong to client connections. */
const otherFiles = 100;
const fewest = 10;

/** As the configuration says; without a word about `max`, no more than the process may have files open for. */
export function connectionLimitsOf(
  { connections = {} }: GatewayConfig,
  openFiles: number = openFileLimit(),
): ConnectionLimits {
  // Each may need a second one, towards a cluster.
  const affordable = Math.max(fewest, Math.floor((openFiles - otherFiles) / 2));
  const defaults = { ...defaultConnectionLimits, max: Math.min(defaultConnectionLimits.max, affordable) };
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
  return { ...defaults, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
}

/** Files that this process may have open (Node raises the soft limit to the hard one when it starts). */
function openFileLimit(): number {
  const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
