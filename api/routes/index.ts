import type { FastifyInstance } from 'fastify';
import { managedKinds } from '../../contracts/kinds.ts';
import type { ConsoleEvents } from '../events/console-events.ts';
import type { Gateway } from '../gateway.ts';
import type { FilteredHandler } from '../proxy/filtered/serve-filtered.ts';
import { loginPageRoutes } from './login-page/login-page-routes.ts';
import { proxyRoutes } from './kubernetes/proxy-routes.ts';
import { instanceLogRoutes } from './virtual/instance-log.ts';
import { kubeconfigRoutes } from './virtual/kubeconfig.ts';
import { accountAccessKeyRoutes, ownedAccessKeyRoutes } from './virtual/owned-access-keys.ts';
import { accountPermissionRoutes } from './virtual/account-permissions.ts';
import { accessReviewRoutes } from './virtual/access-reviews.ts';
import { clusterAccessRoutes } from './virtual/cluster-access.ts';
import { emptyListRoutes } from './virtual/empty-lists.ts';
import { projectSubresourceRoutes } from './virtual/project-subresources.ts';
import { userProfileRoutes } from './virtual/user-profile.ts';
import { operationObjectRoutes } from './virtual/operations.ts';
import { secretRoutes } from './virtual/secrets.ts';
import { selvesRoutes } from './virtual/selves.ts';
import { templatePreviewRoutes } from './virtual/template-previews.ts';
import { temporalUiRoutes } from './temporal-ui/temporal-ui-routes.ts';
import { agentRoutes } from './agents.ts';
import { apiReferenceRoutes } from './api-reference.ts';
import { auditRoutes } from './audit.ts';
import { consoleRoutes } from './console.ts';
import { clusterOperationRoutes } from './cluster-operations.ts';
import { authOidcRoutes } from './auth-oidc.ts';
import { sessionKeyRoutes } from './auth-session-key.ts';
import { authRoutes } from './auth.ts';
import { errorRoutes } from './errors.ts';
import { eventRoutes } from './events.ts';
import { historyRoutes } from './history.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metrics.ts';
import { openapiRoutes } from './openapi-document.ts';
import { operationRoutes } from './operations.ts';
import { projectRoutes } from './projects.ts';
import { snapshotRoutes } from './snapshots.ts';
import { instanceOperationRoutes } from './instance-operations.ts';
import { instanceRetryRoutes } from './instance-retry.ts';
import { instanceRoutes } from './instances.ts';
import { unclaimedNamespaceRoutes } from './unclaimed-namespaces.ts';
import { usageRoutes } from './usage.ts';
import { versionRoutes } from './version.ts';

/** All routes of the gateway, in one place. Each is a plugin of its own. */
export async function registerRoutes(
  app: FastifyInstance,
  gateway: Gateway,
  { filtered, events }: { filtered: FilteredHandler; events: ConsoleEvents },
): Promise<void> {
  await app.register(async (scope) => healthRoutes(scope, gateway));
  await app.register(versionRoutes);
  await app.register(openapiRoutes);
  await app.register(apiReferenceRoutes);
  await app.register(errorRoutes);
  await app.register(async (scope) => projectRoutes(scope, gateway));
  await app.register(async (scope) => operationRoutes(scope, gateway));
  await app.register(async (scope) => eventRoutes(scope, gateway, events));
  for (const kind of managedKinds) {
    await app.register(async (scope) => instanceRoutes(scope, gateway, kind));
    await app.register(async (scope) => instanceOperationRoutes(scope, gateway, kind));
    await app.register(async (scope) => instanceRetryRoutes(scope, gateway, kind));
  }
  await app.register(async (scope) => clusterOperationRoutes(scope, gateway));
  await app.register(async (scope) => usageRoutes(scope, gateway));
  await app.register(async (scope) => historyRoutes(scope, gateway));
  await app.register(async (scope) => snapshotRoutes(scope, gateway));
  await app.register(async (scope) => authRoutes(scope, gateway));
  await app.register(async (scope) => authOidcRoutes(scope, gateway));
  await app.register(async (scope) => sessionKeyRoutes(scope, gateway));
  await app.register(loginPageRoutes);
  await app.register(async (scope) => selvesRoutes(scope, gateway));
  await app.register(async (scope) => ownedAccessKeyRoutes(scope, gateway));
  await app.register(async (scope) => accountAccessKeyRoutes(scope, gateway));
  await app.register(async (scope) => userProfileRoutes(scope, gateway));
  await app.register(async (scope) => accountPermissionRoutes(scope, gateway));
  await app.register(async (scope) => accessReviewRoutes(scope, gateway));
  await app.register(async (scope) => clusterAccessRoutes(scope, gateway));
  await app.register(emptyListRoutes);
  await app.register(async (scope) => projectSubresourceRoutes(scope, gateway));
  await app.register(async (scope) => secretRoutes(scope, gateway));
  await app.register(async (scope) => templatePreviewRoutes(scope, gateway));
  await app.register(async (scope) => instanceLogRoutes(scope, gateway));
  await app.register(async (scope) => kubeconfigRoutes(scope, gateway));
  await app.register(async (scope) => operationObjectRoutes(scope, gateway));
  await app.register(async (scope) => agentRoutes(scope, gateway));
  await app.register(async (scope) => auditRoutes(scope, gateway));
  await app.register(async (scope) => unclaimedNamespaceRoutes(scope, gateway));
  await app.register(async (scope) => metricsRoutes(scope, gateway));
  await app.register(async (scope) => temporalUiRoutes(scope, gateway));
  await app.register(async (scope) => consoleRoutes(scope, gateway));
  await app.register(async (scope) => proxyRoutes(scope, gateway, filtered));
}
