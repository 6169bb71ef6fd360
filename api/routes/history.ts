import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { PlatformError } from '../../contracts/errors.ts';
import type { ManagedKind, OperationKind } from '../../contracts/kinds.ts';
import {
  historyRoutes as routes,
  type HistoryStep,
  OperationHistory,
  UsageHistory,
} from '../../contracts/rest/history-routes.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { type HistoryWindow, historyWindow } from '../../domain/usage/history-window.ts';
import type { Gateway } from '../gateway.ts';
import { timeOf, valuesOf } from '../http/pages.ts';
import { restRoute } from '../http/rest-route.ts';
import { callerOf } from '../plugins/access.ts';
import { operationHistory } from '../usage/operation-history.ts';
import { usageHistory } from '../usage/usage-history.ts';

/** What happened over time, for charts. */
export async function historyRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  for (const schema of [UsageHistory, OperationHistory]) app.addSchema(schema);
  const config = { access: 'authenticated', scope: 'reviewed' } as const;
  const { getUsageHistory, getOperationHistory } = routes;

  app.get(getUsageHistory.path, restRoute(getUsageHistory, config), async (request) => {
    const { query } = request;
    const window = windowOf(query);
    const kinds = valuesOf(query.kind) as readonly ManagedKind[] | undefined;
    const asked = { project: query.project, kinds };
    return { ...coveredBy(window), buckets: await usageHistory(gateway, callerOf(request), asked, window) };
  });

  app.get(getOperationHistory.path, restRoute(getOperationHistory, config), async (request) => {
    const { query } = request;
    const window = windowOf(query);
    const kinds = valuesOf(query.kind) as readonly OperationKind[] | undefined;
    const types = valuesOf(query.type) as readonly OperationType[] | undefined;
    const asked = { project: query.project, kinds, types };
    return { ...coveredBy(window), ...(await operationHistory(gateway, callerOf(request), asked, window)) };
  });
}

interface WindowQuery {
  readonly from?: string;
  readonly to?: string;
  readonly step?: HistoryStep;
}

/** @throws PlatformError `invalid_request` */
function windowOf({ from, to, step }: WindowQuery): HistoryWindow {
  const window = historyWindow({ from: timeOf('from', from), to: timeOf('to', to), step }, new Date());
  if (!('fault' in window)) return window;
  throw new PlatformError('invalid_request', `querystring/${window.field}: ${window.fault}`);
}

function coveredBy({ from, to, step }: HistoryWindow): Pick<UsageHistory, 'from' | 'to' | 'step'> {
  return { from: from.toISOString(), to: to.toISOString(), step };
}
