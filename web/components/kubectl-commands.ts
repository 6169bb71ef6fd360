import { stringify } from 'yaml';
import { managementApiVersion } from '../../contracts/names.ts';
import { type ResourcePlural, resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { shellWord } from './shell-word.ts';

/** `kubectl create` of an object of the management API. */
export function createCommand(
  plural: ResourcePlural,
  object: { readonly metadata: { readonly name: string }; readonly spec?: unknown },
): string {
  const { metadata, spec } = object;
  const document = stringify({
    apiVersion: managementApiVersion,
    kind: resourceKinds[plural].kind,
    metadata,
    spec,
  });
  return `kubectl create -f - <<'END'\n${document}END`;
}

/** `kubectl patch` of an object of the management API that is in no project. */
export function patchCommand(plural: ResourcePlural, name: string, patch: object): string {
  return `kubectl patch ${resourceKinds[plural].singular}/${name} --type merge -p ${shellWord(JSON.stringify(patch))}`;
}

export function deleteCommand(plural: ResourcePlural, name: string): string {
  return `kubectl delete ${resourceKinds[plural].singular}/${name}`;
}
