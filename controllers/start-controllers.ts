import { isConflict } from '../adapters/kubernetes/failures.ts';
import { createWorkQueue } from '../adapters/kubernetes/work-queue.ts';
import type { Logger } from '../adapters/logging.ts';
import { managedKinds } from '../contracts/kinds.ts';
import { accessKeyCounts } from './accounts/access-key-counts.ts';
import { accessKeys } from './accounts/access-keys.ts';
import { accountRemoval } from './accounts/account-removal.ts';
import { agentCredentials } from './clusters/agent-credentials.ts';
import { agentRemoval } from './clusters/agent-removal.ts';
import { createClusterChecks } from './clusters/cluster-checks.ts';
import { clusterIdentities } from './clusters/cluster-identities.ts';
import { clusters } from './clusters/clusters.ts';
import { clusterCredentials } from './clusters/credential-roles.ts';
import { configuredClusters } from './clusters/configured-clusters.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { deletionProtection } from './instances/deletion-protection.ts';
import { gatewayIdentities } from './clusters/gateway-identities.ts';
import { createPutBacks } from './drift/put-backs.ts';
import { instanceDrift } from './drift/instance-drift.ts';
import { instanceAccess } from './instances/instance-access.ts';
import { instanceOperations } from './instances/instance-operations.ts';
import { notedPlaces } from './instances/noted-places.ts';
import { instanceStatus } from './instances/instance-status.ts';
import { managementAccess } from './accounts/management-access.ts';
import { objectAccess } from './rbac/object-access.ts';
import { projectAccess } from './projects/project-access.ts';
import { projectPolicies } from './instances/project-policies.ts';
import { projects } from './projects/projects.ts';
import { resourceStatus } from './resource-status.ts';
import { sleepPolicies } from './instances/sleep-policies.ts';
import { sleepSchedules } from './instances/sleep-schedules.ts';
import { sleepSweep } from './instances/sleep-sweep.ts';
import { spaceAccess } from './spaces/space-access.ts';
import { tenantAccess } from './virtual-clusters/tenant-access.ts';
import { unclaimedNamespaces } from './instances/unclaimed-namespaces.ts';
import { userTeams } from './accounts/user-teams.ts';

const controllers: readonly ((context: ControllerContext) => Controller)[] = [
  accessKeyCounts,
  accessKeys,
  accountRemoval,
  agentCredentials,
  agentRemoval,
  clusterCredentials,
  clusterIdentities,
  clusters,
  configuredClusters,
  deletionProtection,
  gatewayIdentities,
  instanceDrift,
  instanceStatus,
  managementAccess,
  objectAccess,
  projectAccess,
  projectPolicies,
  projects,
  resourceStatus,
  sleepPolicies,
  sleepSchedules,
  sleepSweep,
  spaceAccess,
  tenantAccess,
  unclaimedNamespaces,
  userTeams,
  ...managedKinds.flatMap((kind) => [
    instanceAccess.bind(undefined, kind),
    instanceOperations.bind(undefined, kind),
    notedPlaces.bind(undefined, kind),
  ]),
];

export interface RunningControllers {
  /** Settles when all that was there at start has been looked at once. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

/** Runs every controller over the caches; each has a queue of its own, so that none delays another. */
export function startControllers(given: Omit<ControllerContext, 'checks' | 'putBacks'>): RunningControllers {
  const { agents, caches, rbac, logger } = given;
  const context = { ...given, checks: createClusterChecks(given), putBacks: createPutBacks(given) };
  const informers = Object.values(caches);
  const synced = Promise.all([rbac.synced, ...informers.map((informer) => informer.synced)]);
  const created = controllers.map((create) => create(context));
  const queues = created.map((controller) => {
    const queue = createWorkQueue({
      // Nothing is decided from caches that are half filled.
      handle: async (key) => {
        await synced;
        return controller.reconcile(key);
      },
      ...(controller.concurrency === undefined ? {} : { concurrency: controller.concurrency }),
      ...(controller.groupOf === undefined
        ? {}
        : { groupOf: (key: string) => controller.groupOf?.(key) ?? key }),
      onFailure: (key, error, failures) => logFailure(logger, controller.name, key, error, failures),
    });
    controller.watch(queue.add);
    return queue;
  });
  return {
    caughtUp: synced.then(async () => void (await Promise.all(queues.map((queue) => queue.idle())))),
    stop: async () => {
      await Promise.all(informers.map((informer) => informer.stop()));
      await rbac.stop();
      await agents.stop();
      await context.checks.stop();
      await Promise.all(queues.map((queue) => queue.stop()));
      await Promise.all(created.map(async (controller) => controller.stop?.()));
    },
  };
}

/** Lost races are everyday; a failure that lasts is worth a warning, now and then. */
function logFailure(logger: Logger, controller: string, key: string, err: unknown, failures: number): void {
  const level = isConflict(err) || (failures !== 3 && failures % 10 !== 0) ? 'debug' : 'warn';
  logger[level]({ err, controller, object: key, failures }, 'reconcile failed; will retry');
}
