import type { InstanceAccess } from '../../contracts/resources/access.ts';
import type { AppParameter } from '../../contracts/resources/app-parameter.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { SaidSettings } from '../sleep/sleep-settings.ts';
import type { PolicyBreach } from '../projects/project-policy.ts';
import type { OperationPlan } from './plan.ts';

/** A namespace of a connected cluster. */
export interface InstancePlace {
  readonly cluster: string;
  readonly namespace: string;
}

/** `spec.parameters` of an instance, as templates/template-parameters.ts reads them. */
export interface InstanceParameters {
  /** Those of an inline template are free. */
  readonly template: { readonly parameters: readonly AppParameter[]; readonly inline: boolean };
  /** YAML. */
  readonly text: string;
}

/**
 * How instances of a managed kind behave, besides their names (contracts/kinds.ts). What every kind does alike stands in
 * the functions that take a descriptor; what only one does is said here, and a kind that forgets it does not compile.
 */
export interface KindDescriptor<
  R extends ManagedInstance,
  T extends ManagedTemplate,
  V extends OperationType,
> {
  /** The steps and the workflow of each verb. */
  readonly plans: Readonly<Record<V, OperationPlan>>;
  /** Conditions of its status, named as in vCluster Platform. `deployed`: it also says what was deployed last. */
  readonly conditions: {
    readonly ready: string;
    readonly synced: string;
    readonly deployed?: string;
    /** It is deleted soon, for want of use; it would be, and something holds it. */
    readonly deletionPending: string;
    readonly deletionBlocked: string;
  };
  /** Subresources that people use. `rules`: those that whom its access rules name may use. */
  readonly subresources: { readonly all: readonly string[]; readonly rules: readonly string[] };
  /** Labels of its namespace, besides those that say whose it is. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** Paths below `spec` that are kept and not acted on. `x[]` means each entry. */
  readonly ignoredFields: readonly string[];
  /** Paths below a definition, in a template or inline, that are kept and not acted on. */
  readonly ignoredInDefinition: readonly string[];
  /** Name of the template that it is made of; undefined if it names none. */
  templateName(instance: R): string | undefined;
  /**
   * Hash of what is to be deployed. Place, owner and access are not part of it.
   * @param template the one that `templateName` says, or undefined if there is none
   */
  desiredHash(instance: R, template: T | undefined): string;
  /** Whether its wake starts a control plane, which costs processor time: such wakes are admitted a few at a time. */
  readonly startsControlPlane: boolean;
  /** Whether other hands run it, so that no operation creates it. */
  isElsewhere(instance: R): boolean;
  /** Why what it asks for now cannot be deployed, now that it differs from what was deployed last; undefined if it can. */
  obstacle(instance: R, template: T | undefined): string | undefined;
  /** What its spec lacks before its first operation, as a merge patch of the spec; undefined if it lacks nothing. */
  defaults(instance: R, project: Project): object | undefined;
  /** Where the worker wrote in the status that it is; undefined if only its spec says so, or nothing yet. */
  deployedPlace(instance: R): InstancePlace | undefined;
  /** What `project` does not allow of it; undefined if it allows everything. */
  breach(project: Project, instance: R): PolicyBreach | undefined;
  /** Whether it is made of a template of its own, which only some may write where a project requires named ones. */
  hasInlineTemplate(instance: R): boolean;
  /** The text of the vcluster.yaml that it is made of; undefined if it has none. */
  values(instance: R, template: T | undefined): string | undefined;
  /** Whether its parameters go into what it is made of. */
  takesParameters(instance: R): boolean;
  /** Its parameters and what declares them; undefined if it has none, or what it is made of is not there (yet). */
  parameters(instance: R, template: T | undefined): InstanceParameters | undefined;
  /** What it is shown with besides what every kind is (domain/computed-fields.ts): in `spec.clusterRef`, and in its status. */
  computed(instance: R, isUp: boolean): { readonly clusterRef: object; readonly status: object };
  /** What its template, or its inline one, says of its sleep; undefined if the template that it names is not there. */
  sleepSaid(instance: R, template: T | undefined): SaidSettings | undefined;
  /** Where its own Kubernetes API lists the pods that a sleep deletes, and a field selector for them. */
  podsEndedAsleep(instance: R): { readonly path: string; readonly fieldSelector: string };
  /** `access` of what it is made of. */
  templateAccess(instance: R, template: T | undefined): InstanceAccess | undefined;
}
