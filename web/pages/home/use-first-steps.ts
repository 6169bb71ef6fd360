import { useQuery } from '@tanstack/react-query';
import type { ResourceOf } from '../../../contracts/resources/resource-kinds.ts';
import { objectsQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import type { Fleet } from './use-fleet.ts';

/** How far somebody is with a new platform. */
export interface FirstSteps {
  /** Whether the steps are of use still: the platform is new, and some are open. */
  readonly areDue: boolean;
  readonly hasInstance: boolean;
  /** Whether somebody sent requests to a tenant cluster. */
  readonly isUsed: boolean;
  readonly tenantCluster: { readonly name: string; readonly project: string } | undefined;
  readonly mayConnect: boolean;
  readonly hasCluster: boolean;
  readonly mayInvite: boolean;
  readonly hasPeople: boolean;
}

/** With more instances than this nobody is a beginner. */
const fewInstances = 3;

/** How far somebody is, with tenant clusters above all. @param fleets of all kinds */
export function useFirstSteps({ rows }: Fleet, fleets: readonly Fleet[]): FirstSteps {
  const instances = fleets.reduce((count, fleet) => count + fleet.rows.length, 0);
  const isNew =
    instances <= fewInstances && fleets.every(({ isLoading, error }) => !isLoading && error === null);
  const clusters = useStep('clusters', isNew, (all) => all.some(({ spec }) => spec.local !== true));
  const people = useStep('users', isNew, (all) => all.length > 1);
  const hasInstance = rows.length > 0;
  const isUsed = rows.some(({ lastActivity }) => lastActivity !== undefined);
  const isDone = [
    hasInstance,
    isUsed,
    clusters.isDone || !clusters.isOffered,
    people.isDone || !people.isOffered,
  ];
  return {
    areDue: isNew && clusters.isKnown && people.isKnown && isDone.includes(false),
    hasInstance,
    isUsed,
    tenantCluster: rows[0],
    mayConnect: clusters.isOffered,
    hasCluster: clusters.isDone,
    mayInvite: people.isOffered,
    hasPeople: people.isDone,
  };
}

/** A step for those who may create objects of a kind; `isEnough` says whether there are those that the step is about. */
function useStep<P extends 'clusters' | 'users'>(
  resource: P,
  isNew: boolean,
  isEnough: (all: ResourceOf[P][]) => boolean,
): { readonly isKnown: boolean; readonly isOffered: boolean; readonly isDone: boolean } {
  const may = useQuery({ ...mayQuery({ verb: 'create', resource }), enabled: isNew });
  const isOffered = may.data === true;
  const { data, isPending } = useQuery({ ...objectsQuery(resource), enabled: isNew && isOffered });
  return {
    isKnown: !may.isPending && !(isOffered && isPending),
    isOffered,
    isDone: data !== undefined && isEnough(data),
  };
}
