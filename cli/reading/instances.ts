import type { InstanceSummary } from '../../contracts/instance-summaries.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import type { Client } from '../connection/client.ts';
import { age, type Column, type Listing } from '../output/output.ts';

type Of<K extends ManagedKind> = Column<InstanceSummary<K>>;

const name: Of<ManagedKind>[] = [
  ['NAME', (one) => one.name],
  ['PROJECT', ({ project }) => project],
  ['STATUS', ({ phase }) => phase],
  ['CLUSTER', ({ cluster }) => cluster ?? ''],
];
const rest: Of<ManagedKind>[] = [
  ['AGE', ({ createdAt }) => age(createdAt)],
  ['MESSAGE', messageOf],
  ['DISPLAY NAME', ({ displayName }) => displayName ?? '', 'wide'],
  ['ASLEEP', ({ sleepingSince }) => age(timestampOf(sleepingSince)), 'wide'],
  ['REASON', ({ reason }) => reason ?? '', 'wide'],
  ['LAST OPERATION', ({ lastOperation }) => lastOperation ?? '', 'wide'],
];

/** What a table says of the instances of each kind besides that. */
const own: { readonly [K in ManagedKind]: { readonly near: Of<K>[]; readonly far: Of<K>[] } } = {
  tenant: {
    near: [['VERSION', ({ kubernetesVersion }) => kubernetesVersion ?? '']],
    far: [
      ['TEMPLATE', ({ template }) => template ?? '', 'wide'],
      ['CHART', ({ chartVersion }) => chartVersion ?? '', 'wide'],
    ],
  },
  space: { near: [['NAMESPACE', ({ namespace }) => namespace ?? '']], far: [] },
};

/** How the instances of a kind are listed. */
export function instanceListing<K extends ManagedKind>(kind: K): Listing<InstanceSummary<K>> {
  const { near, far } = own[kind];
  return {
    columns: [...name, ...near, ...rest, ...far] as readonly Of<K>[],
    name: (one) => `${kindNames[kind].command.name}/${one.name}`,
  };
}

/** The instances that the caller may see, in a project or in all. */
export async function listInstances<K extends ManagedKind>(
  client: Client,
  kind: K,
  project: string | undefined,
): Promise<InstanceSummary<K>[]> {
  const query = project === undefined ? {} : { project };
  const { items } = await client.api.of<ManagedKind>(kind).list({ query });
  return items as InstanceSummary<K>[];
}

/** What people have to know of it, and when what failed is tried again. */
function messageOf({ message, nextAttempt }: InstanceSummary<ManagedKind>): string {
  return [message, nextAttempt].filter((part) => part !== undefined).join('; ');
}

/** Seconds since the epoch, as an annotation holds them, as a timestamp. */
export function timestampOf(seconds: string | undefined): string | undefined {
  return seconds !== undefined && /^\d{1,12}$/.test(seconds)
    ? new Date(Number(seconds) * 1000).toISOString()
    : undefined;
}
