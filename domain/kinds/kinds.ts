import {
  type ManagedKind,
  type OperationKind,
  operationKinds,
  targetNames,
  type VerbOf,
} from '../../contracts/kinds.ts';
import type {
  InstanceOf,
  ManagedInstance,
  ManagedTemplate,
  TemplateOf,
} from '../../contracts/resources/resource-kinds.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { verbRules } from '../lifecycle/verbs.ts';
import { clusterPlans } from './cluster-plans.ts';
import type { KindDescriptor } from './descriptor.ts';
import type { OperationPlan } from './plan.ts';
import { space } from './space.ts';
import { virtualCluster } from './virtual-cluster.ts';

const descriptors: {
  readonly [K in ManagedKind]: KindDescriptor<InstanceOf<K>, TemplateOf<K>, VerbOf<K>>;
} = {
  tenant: virtualCluster,
  space,
};

const plans: { readonly [K in OperationKind]: Partial<Record<OperationType, OperationPlan>> } = {
  tenant: virtualCluster.plans,
  space: space.plans,
  cluster: clusterPlans,
};

/** How instances of `kind` behave; give its functions instances and templates of that kind only. */
export function descriptorOf(kind: ManagedKind): KindDescriptor<ManagedInstance, ManagedTemplate, never> {
  return descriptors[kind];
}

/** An instance with what its spec lacks and is given at once: its project's default template. */
export function withDefaults(
  kind: ManagedKind,
  instance: ManagedInstance,
  project: Project,
): ManagedInstance {
  const given = descriptorOf(kind).defaults(instance, project);
  return given === undefined
    ? instance
    : ({ ...instance, spec: { ...instance.spec, ...given } } as ManagedInstance);
}

/** The plan of an operation. @throws Error if the kind has no such verb */
export function planOf({ kind, type }: { kind: OperationKind; type: OperationType }): OperationPlan {
  const plan = plans[kind][type];
  if (plan === undefined) throw new Error(`${targetNames[kind].noun}s have no operation ${type}`);
  return plan;
}

/** The workflows that go on until they succeed. */
export const forwardWorkflows: ReadonlySet<string> = new Set(
  operationKinds.flatMap((kind) =>
    targetNames[kind].verbs
      .filter((type) => verbRules[type].finishesForward)
      .map((type) => planOf({ kind, type }).workflow),
  ),
);
