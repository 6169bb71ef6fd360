import { STATUS_CODES } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { UncaughtKind } from '../../adapters/uncaught-failures.ts';
import type { PathKind } from '../../contracts/audit.ts';
import { PlatformError } from '../../contracts/errors.ts';

/** Figures of a gateway process for Prometheus. Every label has few values: no names, no paths. */
export interface GatewayMetrics {
  /** A request was answered, or its client went away. */
  requested(request: { pathKind: PathKind; verb: string; code: number; seconds: number }): void;
  /** Somebody showed who they are; `failure` is undefined if they were believed. */
  authenticated(failure: unknown): void;
  /** An uncaught failure (`uncaught-failures.ts`). */
  uncaught(kind: UncaughtKind): void;
  /** A request to what sleeps was not held, or not long enough. */
  notHeld(reason: 'time' | 'room' | 'stop' | 'failed' | 'forced'): void;
  /** Adds a figure that is asked for when metrics are read. */
  observe(name: string, help: string, kind: 'gauge' | 'counter', value: () => number): void;
  /** All of them in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** What nginx calls a client that went away before its answer. */
export const clientGone = 499;

const verbs: ReadonlySet<string> = new Set([
  'get',
  'list',
  'watch',
  'proxy',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
]);
/** Seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createGatewayMetrics(): GatewayMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const answered = createTally();
  void new Counter({
    name: 'vcp_gateway_requests_total',
    help: 'Requests by target, verb and status (499: the client disconnected before the response)',
    labelNames: ['path_kind', 'verb', 'code'] as const,
    registers,
    collect() {
      answered.take(([path_kind = '', verb = '', code = ''], count) =>
        this.inc({ path_kind, verb, code: codeLabel(Number(code)) }, count),
      );
    },
  });
  const latency = new Histogram({
    name: 'vcp_gateway_request_duration_seconds',
    help: 'Time until the end of the response, without watches and streams',
    labelNames: ['path_kind'] as const,
    buckets,
    registers,
  });
  const authentications = createTally();
  void new Counter({
    name: 'vcp_gateway_authentications_total',
    help: 'Outcomes of authentication: success, or the error code',
    labelNames: ['outcome'] as const,
    registers,
    collect() {
      authentications.take(([outcome = ''], count) => this.inc({ outcome }, count));
    },
  });
  const uncaught = new Counter({
    name: 'vcp_gateway_uncaught_failures_total',
    help: 'Uncaught failures, each a bug: of a stream, of a request (its connection ends) or of the process (it ends)',
    labelNames: ['kind'] as const,
    registers,
  });
  for (const kind of ['stream', 'request', 'process'] as const) uncaught.inc({ kind }, 0);
  const notHeld = new Counter({
    name: 'vcp_gateway_held_requests_refused_total',
    help: 'Requests to what sleeps that were refused: not awake in time, no room to hold them, the gateway stopped, the wake failed, forced asleep',
    labelNames: ['reason'] as const,
    registers,
  });
  for (const reason of ['time', 'room', 'stop', 'failed', 'forced'] as const) notHeld.inc({ reason }, 0);
  return {
    notHeld: (reason) => notHeld.inc({ reason }),
    uncaught: (kind) => uncaught.inc({ kind }),
    requested({ pathKind, verb, code, seconds }) {
      const known = verbs.has(verb) ? verb : 'other';
      answered.add(`${pathKind} ${known} ${code}`);
      if (verb !== 'watch' && code !== 101) latency.observe({ path_kind: pathKind }, seconds);
    },
    authenticated(failure) {
      authentications.add(outcomeOf(failure));
    },
    observe(name, help, kind, value) {
      if (kind === 'gauge') {
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(value());
          },
        });
        return;
      }
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Counts by labels between two readings: prom-client checks and sorts the labels of every count that it is given. */
function createTally() {
  const counts = new Map<string, number>();
  return {
    /** @param labels their values, with blanks between */
    add(labels: string): void {
      counts.set(labels, (counts.get(labels) ?? 0) + 1);
    },
    take(each: (labels: string[], count: number) => void): void {
      for (const [labels, count] of counts) each(labels.split(' '), count);
      counts.clear();
    },
  };
}

/** Servers behind the gateway may answer with any number: those that mean nothing are one label for each hundred. */
function codeLabel(code: number): string {
  return code === clientGone || STATUS_CODES[code] !== undefined
    ? String(code)
    : `${Math.floor(code / 100)}xx`;
}

function outcomeOf(failure: unknown): string {
  if (failure === undefined) return 'success';
  return failure instanceof PlatformError ? failure.code : 'internal';
}
