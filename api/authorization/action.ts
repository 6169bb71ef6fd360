import { projectNamespace } from '../../contracts/names.ts';
import type { Subject } from '../../contracts/operations.ts';

/** What somebody wants to do in the management API. */
export interface Action {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A verb on a tenant cluster's instance. */
export function instanceAction(verb: string, project: string, name: string): Action {
  return { verb, resource: 'virtualclusterinstances', namespace: projectNamespace(project), name };
}

/** A verb on a space's instance. */
export function spaceAction(verb: string, project: string, name: string): Action {
  return { verb, resource: 'spaceinstances', namespace: projectNamespace(project), name };
}

/** A verb on the instance of a tenant cluster or space. */
export function subjectAction(verb: string, { kind, project, name }: Subject): Action {
  return kind === 'space' ? spaceAction(verb, project, name) : instanceAction(verb, project, name);
}

/** A verb on a connected cluster. */
export function clusterAction(verb: string, name: string): Action {
  return { verb, resource: 'clusters', name };
}

/** Everything with all management resources: who may do this is an administrator of the platform. */
export const administratorAction: Action = { verb: '*', resource: '*' };
