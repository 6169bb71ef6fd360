import type { V1PolicyRule } from '@kubernetes/client-node';

/**
 * What `rules` would grant beyond `allowed`, as `<verb> <resource>[.<group>]`. `*` grants everything, so it is
 * allowed only where `allowed` says `*` too; rules about URLs never are.
 */
export function grantedBeyond(rules: readonly V1PolicyRule[], allowed: readonly V1PolicyRule[]): string[] {
  return rules.flatMap((rule) => [
    ...(rule.nonResourceURLs ?? []).map((url) => `access to ${url}`),
    ...(rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).flatMap((resource) =>
        rule.verbs
          .filter((verb) => !allowed.some((one) => covers(one, group, resource, verb)))
          .map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`),
      ),
    ),
  ]);
}

function covers(
  { apiGroups, resources, verbs }: V1PolicyRule,
  group: string,
  resource: string,
  verb: string,
): boolean {
  return (
    apiGroups?.includes(group) === true && resources?.includes(resource) === true && verbs.includes(verb)
  );
}
