import { patched } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { Missing } from '../../activities/control-plane/inspect-tenant.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { stopAndWait } from './control-plane.ts';
import type { OperationRun } from './operation-run.ts';
import { deleteNamespace } from './place.ts';
import type { InstanceReport } from './run-operation.ts';

type Found = Partial<Missing>;

/**
 * Step `rebuild`: makes the namespace of a tenant cluster again, with new keys, if somebody deleted it or the control plane
 * or volume in it; one that belongs to something else by now fails with `conflict`. A namespace that was made is deleted by the undo;
 * of one that was there nothing is, since it may hold the data.
 * @param more what else is to be there before the next step
 */
export async function rebuild(
  run: OperationRun<'tenant'>,
  tenant: TenantRef,
  { missing }: Found,
  more: (activities: Activities) => Promise<unknown> = async () => undefined,
): Promise<void> {
  if (missing === undefined || !patched('rebuild')) {
    run.skip('rebuild', 'Nothing is missing');
    return;
  }
  await run.step(
    'rebuild',
    async (activities) => {
      await activities.applyHostNamespace({ tenant });
      await activities.applyTenantKeys({ tenant });
      await activities.applyGatewayCredential({ tenant });
      // Its volume is made with the first pod.
      if (missing === 'volume') await activities.startControlPlane({ tenant, wakes: true, begin: 'empty' });
      await more(activities);
    },
    undoOf(tenant, missing),
  );
}

function undoOf(
  tenant: TenantRef,
  missing: Missing['missing'],
): ((activities: Activities) => Promise<unknown>) | undefined {
  if (missing === 'namespace') return (activities) => deleteNamespace('tenant', activities, tenant);
  return missing === 'volume' ? (activities) => stopAndWait(activities, tenant) : undefined;
}

const parts: { readonly [M in Missing['missing']]: string } = {
  namespace: 'host namespace',
  'control-plane': 'control plane',
  volume: 'volume',
};

export type BegunEmpty = Pick<InstanceReport, 'begunEmpty'>;

/** What people must know of a tenant cluster whose data are gone: outcome, status and an event say it. */
export function begunEmpty({ cluster }: TenantRef, { missing, lost }: Found): BegunEmpty {
  if (missing === undefined || lost === undefined) return {};
  const remedy =
    lost.snapshot === undefined
      ? 'There is not any snapshot of it'
      : `Restore snapshot "${lost.snapshot}" to bring its data back`;
  const cause = `Its ${parts[missing]} was deleted in cluster ${cluster}, with its data, so that it begins empty`;
  return { begunEmpty: `${cause}. ${remedy}` };
}
