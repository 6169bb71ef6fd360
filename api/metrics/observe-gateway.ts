import type { Gateway } from '../gateway.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Figures that are there anyway and only have to be asked for. */
export function observeGateway(
  metrics: GatewayMetrics,
  { streams, audit }: Pick<Gateway, 'streams' | 'audit'>,
): void {
  metrics.observe(
    'vcp_gateway_open_streams',
    'Answers and upgraded connections that are open now',
    'gauge',
    () => streams.size,
  );
  metrics.observe(
    'vcp_gateway_audit_queue_length',
    'Audit events that wait to be written',
    'gauge',
    () => audit.log.length,
  );
  metrics.observe(
    'vcp_gateway_audit_events_lost_total',
    'Audit events that found no room or could not be written',
    'counter',
    () => audit.log.lost,
  );
}
