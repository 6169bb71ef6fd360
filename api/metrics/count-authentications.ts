import type { Authenticate } from '../auth/authenticate.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

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
