import { basename, dirname, join } from 'node:path';
import type { V1Affinity, V1Container, V1Job, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { TenantHost } from '../host-namespaces.ts';
import { operationJob } from '../operation-job.ts';
import type { TenantWorkload } from '../tenant-charts/tenant-workload.ts';

export type SnapshotCommand = 'save' | 'maintain' | 'prepare' | 'swap' | 'rollback' | 'commit';

export interface JobRequest {
  readonly host: TenantHost;
  readonly operationId: string;
  readonly command: SnapshotCommand;
  readonly workload: TenantWorkload;
  /** Name of the Secret that the control plane takes its keys from. */
  readonly keysSecret: string;
  /** Image of the snapshot program, unless the workload has one. */
  readonly toolsImage: string;
  /** Folder of all snapshots on the node. */
  readonly snapshotsDir: string;
  /** Snapshot file below it; only `save` and `prepare` have one. */
  readonly file?: string;
  /** More settings of the program. */
  readonly settings?: Record<string, string>;
}

const jobPrefixes: Readonly<Partial<Record<SnapshotCommand, string>>> = {
  save: 'snapshot',
  maintain: 'store-maintenance',
};
/** These talk to the running store. */
const dialing: ReadonlySet<SnapshotCommand> = new Set(['save', 'maintain']);

/** Name of the one Job of an operation that runs `command`: saving, maintenance, or one phase of a restore. */
export function jobName(command: SnapshotCommand, operationId: string): string {
  return `${jobPrefixes[command] ?? `restore-${command}`}-${operationId}`;
}

/** Name of the Secret with what only a Job needs: the project's key and the snapshot's description. */
export function jobInputName(command: SnapshotCommand, operationId: string): string {
  return `${jobName(command, operationId)}-input`;
}

/** The Job that runs the program of image tenant-tools (deploy/images/tenant-tools) beside a tenant's data. */
export function jobManifest(request: JobRequest): V1Job {
  const { host, operationId, command, workload } = request;
  return operationJob({
    host,
    operationId,
    name: jobName(command, operationId),
    deadlineSeconds: 3600,
    keptSeconds: 86_400,
    graceSeconds: 2,
    pod: {
      ...workload.pod,
      ...(workload.nodeName === undefined ? {} : { affinity: onNode(workload.nodeName) }),
      ...(request.file === undefined ? {} : { initContainers: [folderOwner(request)] }),
      containers: [
        {
          name: 'tenant-snapshot',
          ...imageOf(request),
          command: ['tenant-snapshot', command],
          env: Object.entries(settingsOf(request)).map(([name, value]) => ({ name, value })),
          resources: { requests: { cpu: '50m', memory: '128Mi' } },
          securityContext: unprivileged,
          volumeMounts: volumeMounts(request),
        },
      ],
      volumes: volumes(request),
    },
  });
}

const unprivileged = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

function imageOf({ toolsImage, workload: { toolsImage: own, imagePullPolicy } }: JobRequest) {
  return { image: own ?? toolsImage, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) };
}

/**
 * Gives the folder of a tenant's snapshots on the node, which the kubelet makes as root's, to the user that the
 * Job runs as. The process node runs everything as its own user, who may be unable to give anything away.
 */
function folderOwner(request: JobRequest): V1Container {
  const { runAsUser = 0, runAsGroup = runAsUser } = request.workload.pod.securityContext ?? {};
  return {
    name: 'snapshots-folder',
    ...imageOf(request),
    command: [
      ...['sh', '-ec', 'chmod 0700 "$0"; test "$(id -u)" != 0 || chown -R "$1" "$0"'],
      ...['/snapshots', `${runAsUser}:${runAsGroup}`],
    ],
    securityContext: {
      ...unprivileged,
      capabilities: { drop: ['ALL'], add: ['CHOWN', 'FOWNER', 'DAC_OVERRIDE'] },
      runAsUser: 0,
      runAsNonRoot: false,
    },
    volumeMounts: [{ name: 'snapshots', mountPath: '/snapshots' }],
  };
}

function settingsOf({ command, operationId, workload, file, settings }: JobRequest): Record<string, string> {
  return {
    RESULT: '/dev/termination-log',
    STORE: workload.store,
    VOLUME: '/var/lib/etcd',
    SCRATCH: '/scratch',
    SOCKETS: '/run/etcd',
    PKI: '/etc/kubernetes/pki',
    INPUT: '/run/input',
    ...(dialing.has(command) ? {} : { RESTORE_ID: operationId }),
    ...(file === undefined ? {} : { FILE: join('/snapshots', basename(file)) }),
    ...settings,
  };
}

/** The volume is already mounted there, and may be mounted on one node only. */
function onNode(nodeName: string): V1Affinity {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

function volumeMounts({ command, workload, file }: JobRequest): V1VolumeMount[] {
  return [
    // A reader of a SQLite database takes part in its locks, which are files beside it.
    { name: 'data', mountPath: '/var/lib/etcd', readOnly: dialing.has(command) && workload.store === 'etcd' },
    { name: 'scratch', mountPath: '/scratch' },
    { name: 'sockets', mountPath: '/run/etcd' },
    ...(dialing.has(command) ? [{ name: 'pki', mountPath: '/etc/kubernetes/pki', readOnly: true }] : []),
    ...(file === undefined
      ? []
      : [
          { name: 'input', mountPath: '/run/input', readOnly: true },
          { name: 'snapshots', mountPath: '/snapshots', readOnly: command !== 'save' },
        ]),
  ];
}

function volumes({ operationId, command, workload, keysSecret, snapshotsDir, file }: JobRequest): V1Volume[] {
  return [
    { name: 'data', persistentVolumeClaim: { claimName: workload.claimName } },
    { name: 'scratch', emptyDir: {} },
    // In memory, where the process node's paths are short enough for sockets.
    { name: 'sockets', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ...(dialing.has(command)
      ? [{ name: 'pki', secret: { secretName: keysSecret, defaultMode: 0o440 } }]
      : []),
    ...(file === undefined
      ? []
      : [
          { name: 'input', secret: { secretName: jobInputName(command, operationId), defaultMode: 0o440 } },
          // Only the folder that the file is in: other tenants' snapshots are out of a Job's sight.
          {
            name: 'snapshots',
            hostPath: { path: join(snapshotsDir, dirname(file)), type: 'DirectoryOrCreate' },
          },
        ]),
  ];
}
