import { kindOfPlural, type ManagedKind, managedPlurals, templatePlurals } from '../contracts/kinds.ts';
import type { Cluster } from '../contracts/resources/cluster.ts';
import type { ManagedInstance, ResourcePlural } from '../contracts/resources/resource-kinds.ts';
import { controlPlaneReachable } from './lifecycle/desired-state.ts';
import { descriptorOf } from './kinds/kinds.ts';
import { knownPlace } from './placement/known-place.ts';
import { isAwake } from './lifecycle/settled-phase.ts';
import { sleepModeConfigOf } from './sleep/sleep-mode-config.ts';
import { sleepSentence } from './sleep/sleep-sentence.ts';
import { type RecordedUse, sleptStatus } from './usage/slept-status.ts';

/** The kinds whose objects are shown with fields that are stored nowhere. */
export const computedPlurals = [
  'projects',
  'clusters',
  ...templatePlurals,
  ...managedPlurals,
] as const satisfies readonly ResourcePlural[];
export type ComputedPlural = (typeof computedPlurals)[number];

/** What the user who reads an object may do with it. */
export interface ComputedRights {
  readonly canUse: boolean;
  readonly canUpdate: boolean;
}

/** What the fields are made of, besides the object. */
export interface ComputedFrom {
  readonly rights: ComputedRights;
  /** What is recorded of the instance; undefined: nothing, or it is none. */
  readonly recorded: RecordedUse | undefined;
  readonly now: Date;
}

interface Shown {
  readonly spec?: object;
  readonly status?: object;
}

/**
 * `object` as clients of vCluster Platform read it: what the reader may do, whether it is up, its sleep, and in `spec` where
 * the platform placed it. None of it is stored, and what is put back is dropped at admission (deploy/management/policy-computed.yaml).
 */
export function withComputedFields<T extends object>(
  plural: ComputedPlural,
  object: T,
  known: ComputedFrom,
): T {
  const { spec, status } = object as Shown;
  const { rights, recorded, now } = known;
  if (plural === 'clusters')
    return { ...object, status: { ...status, online: isOnline(object as unknown as Cluster) } };
  const kind = kindOfPlural(plural);
  if (kind === undefined) return { ...object, status: { ...status, ...rights } };
  const instance = object as unknown as ManagedInstance;
  const ofKind = descriptorOf(kind).computed(instance, isUp(kind, instance));
  const given = instance.spec?.clusterRef;
  const clusterRef = { ...given, ...placeOf(instance), ...ofKind.clusterRef };
  const isKnown = given !== undefined || Object.keys(clusterRef).length > 0;
  return {
    ...object,
    spec: { ...spec, ...(isKnown ? { clusterRef } : {}) },
    status: { ...status, ...ofKind.status, ...rights, ...sleepOf(kind, instance, recorded, now) },
  };
}

/** Its sleep, as clients of vCluster Platform read it, and in a sentence for people. */
function sleepOf(
  kind: ManagedKind,
  instance: ManagedInstance,
  recorded: RecordedUse | undefined,
  now: Date,
): { sleepModeConfig: object; why?: string } {
  const config = sleepModeConfigOf(instance, now);
  const slept = sleptStatus(kind, instance, recorded, now);
  const why = sleepSentence({ kind, instance, config, last: recorded?.last }, now);
  return {
    sleepModeConfig: { ...config, status: { ...config.status, ...slept } },
    ...(why === undefined ? {} : { why }),
  };
}

function placeOf(instance: ManagedInstance): { cluster?: string; namespace?: string } {
  const { cluster, namespace } = knownPlace(instance);
  return { ...(cluster === undefined ? {} : { cluster }), ...(namespace === undefined ? {} : { namespace }) };
}

/** Whether it is awake and, as far as the platform knows, answers. */
function isUp(kind: ManagedKind, instance: ManagedInstance): boolean {
  const silent = instance.status?.conditions?.some(
    ({ type, status }) => type === controlPlaneReachable && status === 'False',
  );
  return isAwake(kind, instance) && silent !== true;
}

function isOnline({ status = {} }: Cluster): boolean {
  return status.online ?? status.phase === 'Initialized';
}
