import { targetNames } from '../../contracts/kinds.ts';
import { platformApiVersion, projectNamespace } from '../../contracts/names.ts';
import { isFinal, type Operation, targetOf } from '../../contracts/operations.ts';
import type { Condition } from '../../contracts/resources/condition.ts';
import { operationKind, type OperationResource } from '../../contracts/resources/operation-resource.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';

type Phase = NonNullable<OperationResource['status']>['phase'];

/**
 * The operation as a Kubernetes object. Condition `Succeeded` is Unknown until it has ended (as Tekton has it), `Ended` is
 * True when it has. resourceVersion is the time of its last change in milliseconds, so that versions can be compared.
 */
export function toOperationObject(operation: Operation): OperationResource {
  const { kind, project, name } = targetOf(operation);
  const { id, type, uid, actor, parameters, reason, message, currentStep, startedAt, finishedAt } = operation;
  return {
    apiVersion: platformApiVersion,
    kind: operationKind.kind,
    metadata: {
      name: id,
      namespace: projectNamespace(project),
      uid: id,
      resourceVersion: String(changedAt(operation)),
      creationTimestamp: inSeconds(operation.createdAt),
    },
    spec: {
      type,
      target: {
        kind: resourceKinds[targetNames[kind].plural].kind,
        name,
        ...(uid === undefined ? {} : { uid }),
      },
      actor,
      parameters,
    },
    status: {
      phase: capitalised(operation.state) as Phase,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
      ...(currentStep === undefined ? {} : { currentStep }),
      ...(startedAt === undefined ? {} : { startTime: inSeconds(startedAt) }),
      ...(finishedAt === undefined ? {} : { completionTime: inSeconds(finishedAt) }),
      steps: operation.steps,
      conditions: conditionsOf(operation),
    },
  };
}

/** When anything of it changed last, in milliseconds. */
function changedAt({ createdAt, startedAt, finishedAt, steps }: Operation): number {
  const times = [
    createdAt,
    startedAt,
    finishedAt,
    ...steps.flatMap((step) => [step.startedAt, step.finishedAt]),
  ];
  return Math.max(...times.map((time) => (time === undefined ? 0 : Date.parse(time))));
}

function conditionsOf(operation: Operation): Condition[] {
  const { state, message, createdAt, startedAt, finishedAt } = operation;
  const hasEnded = isFinal(state);
  const common = {
    lastTransitionTime: inSeconds(finishedAt ?? startedAt ?? createdAt),
    reason: capitalised(state),
    ...(message === undefined ? {} : { message }),
  };
  const succeeded = state === 'succeeded' ? 'True' : hasEnded ? 'False' : 'Unknown';
  return [
    { type: 'Succeeded', status: succeeded, ...common },
    { type: 'Ended', status: hasEnded ? 'True' : 'False', ...common },
  ];
}

/** metav1.Time: Go clients read no fractions of seconds in it. */
function inSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
