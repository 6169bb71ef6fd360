import { projectNamespace } from '../../contracts/names.ts';
import { type OperationSubject, targetNames } from '../../contracts/kinds.ts';

/** A request to the management API, for authorization. */
export interface Action {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** A verb on what operations are about: an instance of a managed kind, or a connected cluster. */
export function targetAction(verb: string, { kind, project, name }: OperationSubject): Action {
  const resource = targetNames[kind].plural;
  return project === ''
    ? { verb, resource, name }
    : { verb, resource, namespace: projectNamespace(project), name };
}

/** What decides about a verb on records of something: an operation of a connected cluster names tenants of all projects, so that it is for who may change the cluster. */
export function recordAction(verb: string, subject: OperationSubject): Action {
  return targetAction(verb === 'get' && subject.project === '' ? 'update' : verb, subject);
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
