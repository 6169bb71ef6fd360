import { kindNames } from '../../../contracts/kinds.ts';
import { projectNamespace } from '../../../contracts/names.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import type { InstanceName } from '../../server/instances.ts';
import { shellWord } from '../../components/shell-word.ts';

/** `vcp <verb> vcluster shop-dev --project default`, with `more` behind it. */
export function vcpCommand(verb: string, { kind, project, name }: InstanceName, ...more: string[]): string {
  const noun = verb.startsWith('snapshot') || verb === 'restore' ? [] : [kindNames[kind].command.name];
  return ['vcp', verb, ...noun, name, ...more.map(shellWord), '--project', project].join(' ');
}

/** The patch of an instance with kubectl, in the context that `vcp connect management` makes. */
export function patchCommand({ kind, project, name }: InstanceName, patch: object): string {
  const { singular } = resourceKinds[kindNames[kind].plural];
  const place = `${singular} ${name} -n ${projectNamespace(project)}`;
  return `kubectl patch ${place} --type merge -p ${shellWord(JSON.stringify(patch))}`;
}
