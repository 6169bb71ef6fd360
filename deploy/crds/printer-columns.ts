import { type ManagedPlural, managedPlurals } from '../../contracts/kinds.ts';
import type { ResourcePlural } from '../../contracts/resources/resource-kinds.ts';

/** Title, JSONPath, and whether it needs `-o wide`. */
export type PrinterColumn = readonly [
  name: string,
  jsonPath: string,
  options?: { readonly type?: 'date' | 'boolean' | 'integer'; readonly wide?: boolean },
];

const age: PrinterColumn = ['Age', '.metadata.creationTimestamp', { type: 'date' }];

/** Of a managed kind, beside what all of them have. */
const own: { readonly [P in ManagedPlural]?: PrinterColumn } = {
  virtualclusterinstances: ['Version', '.status.kubernetesVersion'],
  spaceinstances: ['Namespace', '.status.clusterRef.namespace'],
};

const ofManaged = Object.fromEntries(
  managedPlurals.map((plural): [ManagedPlural, PrinterColumn[]] => [
    plural,
    [
      ['Status', '.status.phase'],
      ['Cluster', '.status.clusterRef.cluster'],
      ...(own[plural] === undefined ? [] : [own[plural]]),
      age,
      ['Operation', '.status.lastOperation.type', { wide: true }],
      ['Reason', '.status.reason', { wide: true }],
      ['Message', '.status.message', { wide: true }],
      ['Next Attempt', '.status.nextAttempt.message', { wide: true }],
    ],
  ]),
) as Record<ManagedPlural, PrinterColumn[]>;

/** Columns of `kubectl get`, by plural. */
export const printerColumns: Readonly<Record<ResourcePlural, readonly PrinterColumn[]>> = {
  projects: [['Display Name', '.spec.displayName'], age],
  clusters: [
    ['Status', '.status.phase'],
    ['Reason', '.status.reason'],
    ['Message', '.status.message', { wide: true }],
    age,
  ],
  virtualclustertemplates: [['Display Name', '.spec.displayName'], age],
  spacetemplates: [['Display Name', '.spec.displayName'], age],
  ...ofManaged,
  users: [
    ['Username', '.spec.username'],
    ['Email', '.spec.email'],
    ['Disabled', '.spec.disabled', { type: 'boolean' }],
    age,
  ],
  teams: [['Display Name', '.spec.displayName'], age],
  accesskeys: [
    ['User', '.spec.user'],
    ['Team', '.spec.team'],
    ['Type', '.spec.type'],
    ['Disabled', '.spec.disabled', { type: 'boolean' }],
    ['Last Activity', '.status.lastActivity', { type: 'date' }],
    age,
  ],
};

/** Of operations, which the gateway prints itself (api/operations/operation-table.ts). */
export const operationColumns: readonly PrinterColumn[] = [
  ['Type', '.spec.type'],
  ['Kind', '.spec.target.kind'],
  ['Target', '.spec.target.name'],
  ['Status', '.status.phase'],
  ['Step', '.status.currentStep'],
  age,
  ['Actor', '.spec.actor', { wide: true }],
  ['Message', '.status.message', { wide: true }],
];
