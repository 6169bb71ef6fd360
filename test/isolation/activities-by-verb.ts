import type { Activities } from '../../activities/index.ts';

/**
 * Which activities each verb runs: `<kind>:<verb>`, with a row of the table that tries the verb on what is another's; or `schedule`, for what
 * nobody asks for. An activity that stands nowhere here fails the suite.
 */
export const activitiesByVerb: Record<string, readonly (keyof Activities)[]> = {
  schedule: ['reconcileOperations', 'evaluateSleepPolicy', 'expireSnapshots'],
  'tenant:create': [
    ...([
      'claimTurn',
      'recordSteps',
      'endOperation',
      'placeTenant',
      'waitForClusterOnline',
      'checkRelease',
      'applyHostNamespace',
    ] as const),
    ...(['applyTenantKeys', 'applyGatewayCredential', 'installRelease', 'waitForControlPlane'] as const),
    ...(['applyTenantAccess', 'reportInstance'] as const),
  ],
  'tenant:update': ['inspectTenant', 'checkImages', 'waitForRollout', 'rollbackRelease'],
  'tenant:sleep': ['stopControlPlane', 'waitForControlPlaneStopped'],
  'tenant:wake': [
    'startControlPlane',
    'repairControlPlane',
    'maintainStore',
    'findFallback',
    'redeployRelease',
  ],
  'tenant:snapshot': [
    ...(['recordSnapshot', 'applySnapshotJob', 'waitForSnapshotJob', 'deleteSnapshotJob'] as const),
    ...(['completeSnapshot', 'failSnapshot', 'deleteSnapshotFile', 'forgetSnapshot'] as const),
  ],
  'tenant:restore': ['findSnapshot', 'applyRestoreJob', 'waitForRestoreJob', 'deleteRestoreJob'],
  'tenant:delete': [
    ...(['findTenantRemains', 'uninstallRelease', 'deleteHostNamespace'] as const),
    ...(['waitForHostNamespaceDeleted', 'releaseInstance'] as const),
  ],
  'space:create': ['placeSpace', 'applySpaceNamespace', 'applySpaceAccess', 'reportSpace'],
  'space:sleep': [
    'findSpacePlace',
    'closeSpace',
    'stopSpaceWorkloads',
    'deleteSpacePods',
    'waitForSpacePodsEnded',
  ],
  'space:wake': ['openSpace', 'resumeSpaceWorkloads'],
  'space:delete': [
    'findSpaceRemains',
    'deleteSpaceNamespace',
    'waitForSpaceNamespaceDeleted',
    'releaseSpace',
  ],
  'cluster:disconnect': [
    ...(['closeCluster', 'openCluster', 'findClusterTenants', 'deleteClusterTenants'] as const),
    ...(['releaseClusterTenants', 'findClusterRemains', 'claimClusterObjects'] as const),
    ...(['removeClusterObjects', 'deleteCluster'] as const),
  ],
  'cluster:upgrade': ['findAgentImages', 'setAgentImage', 'waitForAgentVersion'],
};
