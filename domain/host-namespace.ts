import { PlatformError } from '../contracts/errors.ts';
import { checkName, defaultHostNamespace, defaultSpaceNamespace } from '../contracts/names.ts';

/**
 * Host namespace of a tenant cluster after its project's `namespacePattern.virtualCluster`; without a pattern
 * `loft-<project>-v-<name>`. Known placeholders: `.Values.loft.project`, `.Values.loft.virtualClusterName`,
 * `.Values.loft.name`.
 * @throws PlatformError `invalid_request` if the result is no name of a namespace
 */
export function hostNamespaceOf(
  { project, name }: { project: string; name: string },
  pattern: string | undefined,
): string {
  const fallback = defaultHostNamespace(project, name);
  return filledIn('virtualCluster', pattern, { project, virtualClusterName: name, name }, fallback);
}

/**
 * Namespace of a space after its project's `namespacePattern.space`; without a pattern `loft-<project>-s-<name>`.
 * Known placeholders: `.Values.loft.project`, `.Values.loft.space`, `.Values.loft.name`.
 * @throws PlatformError `invalid_request` if the result is no name of a namespace
 */
export function spaceNamespaceOf(
  { project, name }: { project: string; name: string },
  pattern: string | undefined,
): string {
  return filledIn('space', pattern, { project, space: name, name }, defaultSpaceNamespace(project, name));
}

function filledIn(
  field: string,
  pattern: string | undefined,
  known: Record<string, string>,
  fallback: string,
): string {
  const namespace = pattern
    ? pattern.replace(
        /\{\{-?\s*\.Values\.loft\.(\w+)\s*-?\}\}/g,
        (whole, name: string) => known[name] ?? whole,
      )
    : fallback;
  if (namespace.includes('{{')) {
    throw new PlatformError(
      'invalid_request',
      `The project's namespacePattern.${field} has a placeholder that is not known: ${namespace}`,
    );
  }
  checkName('Host namespace', namespace);
  return namespace;
}
