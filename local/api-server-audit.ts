import { join } from 'node:path';
import type { ProgramFile } from '../adapters/processes/program.ts';

/**
 * Who changed what, without contents, into `<logsDir>/<name>-audit.log` (two files of 16 MiB at most). Reads,
 * leases, events and nodes' heartbeats are left out.
 */
export function auditLog(name: string, logsDir: string, dir: string): { args: string[]; file: ProgramFile } {
  const policyFile = join(dir, 'audit-policy.json');
  return {
    args: [
      `--audit-policy-file=${policyFile}`,
      `--audit-log-path=${join(logsDir, `${name}-audit.log`)}`,
      '--audit-log-maxsize=16',
      '--audit-log-maxbackup=1',
    ],
    file: { path: policyFile, content: JSON.stringify(policy) },
  };
}

const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    {
      level: 'None',
      resources: [
        { group: 'coordination.k8s.io' },
        { group: 'events.k8s.io' },
        { group: '', resources: ['events', 'nodes/status'] },
        { group: 'authorization.k8s.io' },
        { group: 'authentication.k8s.io' },
      ],
    },
    { level: 'Metadata' },
  ],
};
