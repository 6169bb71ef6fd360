import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { kindNames } from '../../../contracts/kinds.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { knownPlace } from '../../../domain/placement/known-place.ts';
import { Empty, Loaded } from '../../components/page-states.tsx';
import { doingText } from '../../text/states.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { type InstanceName, instanceQuery } from '../../server/instances.ts';
import { tenantApi } from '../../server/tenant-api.ts';
import { useOpenOperations } from '../actions/open-operation.ts';
import { AsleepState } from './asleep-state.tsx';
import { ResourceBrowser } from './resource-browser.tsx';

/** The own resources of a tenant cluster, or what is in a space, as its Kubernetes API tells them. */
export default function ResourcesTab({ target }: { target: InstanceName }) {
  const instance = useQuery(instanceQuery(target));
  return <Loaded query={instance}>{(data) => <Gate target={target} instance={data} />}</Loaded>;
}

/** Shows why its API cannot be asked now, or what it answers. Nothing is asked of what sleeps unless somebody wants that. */
function Gate({ target, instance }: { target: InstanceName; instance: ManagedInstance }) {
  const { kind, project, name } = target;
  const [counts, setCounts] = useState(false);
  const { isNamespace } = consoleKinds[kind];
  const onlyNamespace = isNamespace ? knownPlace(instance).namespace : undefined;
  const api = useMemo(
    () => tenantApi({ kind, project, name }, { counts, onlyNamespace }),
    [kind, project, name, counts, onlyNamespace],
  );
  const why = unreadable(target, instance, onlyNamespace);
  const isAsleep = sleeps(instance);
  const isGoingToSleep = useOpenOperations(target).some(({ type }) => type === 'sleep');
  const [wasGoing, setWasGoing] = useState(isGoingToSleep);
  // Else this very page would wake what somebody puts to sleep.
  if (wasGoing !== isGoingToSleep) {
    setWasGoing(isGoingToSleep);
    if (isGoingToSleep) setCounts(false);
  }
  if (why !== undefined) return <Empty title={why.title}>{why.text}</Empty>;
  // The objects of a space stay where they are while it sleeps, and can be read.
  if (isAsleep && !isNamespace && !counts)
    return <AsleepState target={target} instance={instance} onUse={() => setCounts(true)} />;
  const note = !isAsleep ? undefined : isNamespace ? text.spaceAsleep : text.wakingForYou;
  return <ResourceBrowser api={api} counts={counts} onCounts={setCounts} note={note} />;
}

/** Whether it sleeps, whatever is being done about it: its phase says only that something is (`domain/lifecycle/settled-phase.ts`). */
function sleeps({ status: { phase, conditions = [] } = {} }: ManagedInstance): boolean {
  if (phase !== 'Pending' && phase !== 'Failed') return phase === 'Sleeping';
  return conditions.some(({ reason, status }) => reason === 'Sleeping' && status !== 'True');
}

/** Why nobody, or not this user, can read what is in it; undefined if it can be read, or once it is awake. */
function unreadable(
  { kind }: InstanceName,
  { status = {}, metadata }: ManagedInstance,
  onlyNamespace: string | undefined,
): { title: string; text: string } | undefined {
  if (status.canUse === false)
    return { title: text.mayNotUse, text: text.mayNotUseWhy(kindNames[kind].noun) };
  const { isNamespace } = consoleKinds[kind];
  if (metadata.deletionTimestamp !== undefined && !isNamespace)
    return { title: text.deleting, text: text.deletingWhy };
  const wasMade = status.observedHash !== undefined && (!isNamespace || onlyNamespace !== undefined);
  if (wasMade || status.phase === 'Sleeping' || status.phase === 'Ready') return undefined;
  if (status.phase === 'Failed') return { title: text.failed, text: status.message ?? '' };
  const { lastOperation } = status;
  const doing = lastOperation?.state === 'running' ? `${doingText[lastOperation.type] ?? ''} … ` : '';
  return { title: text.notReady, text: `${doing}${text.notReadyWhy}` };
}
