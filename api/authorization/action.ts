import { projectNamespace } from '../../contracts/names.ts';
import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';

/** A request to the management API, for authorization. */
export interface Action {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A verb on an instance of a managed kind. */
export function targetAction(verb: string, { kind, project, name }: OperationTarget): Action {
  return { verb, resource: kindNames[kind].plural, namespace: projectNamespace(project), name };
}

/** A verb on a connected cluster. */
export function clusterAction(verb: string, name: string): Action {
  return { verb, resource: 'clusters', name };
}

/** Everything with all management resources: a caller who may do this is an administrator of the platform. */
export const administratorAction: Action = { verb: '*', resource: '*' };

const rbac = 'rbac.authorization.k8s.io';

/** Rights with which one is, or can make oneself, an administrator of the platform. */
export const platformPowers: readonly Action[] = [
  administratorAction,
  { verb: 'bind', resource: 'users' },
  { verb: 'bind', group: rbac, resource: 'clusterroles' },
  { verb: 'escalate', group: rbac, resource: 'clusterroles' },
  { verb: 'create', group: rbac, resource: 'clusterrolebindings' },
  { verb: 'impersonate', group: '', resource: 'groups' },
];
