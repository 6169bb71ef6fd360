import type { Authenticate } from '../auth/authenticate.ts';
import type { Gateway } from '../gateway.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Figures that are there anyway and only have to be asked for. */
export function observeGateway(
  metrics: GatewayMetrics,
  { streams, audit }: Pick<Gateway, 'streams' | 'audit'>,
): void {
  metrics.observe(
    'vcp_gateway_open_streams',
    'Responses and upgraded connections that are open',
    'gauge',
    () => streams.size,
  );
  metrics.observe(
    'vcp_gateway_audit_queue_length',
    'Audit events waiting to be written',
    'gauge',
    () => audit.log.length,
  );
  metrics.observe(
    'vcp_gateway_audit_events_lost_total',
    'Audit events lost because the queue was full or they could not be written',
    'counter',
    () => audit.log.lost,
  );
}

/** `authenticate`, with its outcomes counted. */
export function countAuthentications(authenticate: Authenticate, metrics: GatewayMetrics): Authenticate {
  return async (...request) => {
    try {
      const caller = await authenticate(...request);
      metrics.authenticated(undefined);
      return caller;
    } catch (error) {
      metrics.authenticated(error);
      throw error;
    }
  };
}
