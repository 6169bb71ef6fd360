import { PlatformError } from '../contracts/errors.ts';
import { checkName, defaultHostNamespace } from '../contracts/names.ts';

/**
 * Host namespace of a tenant cluster after its project's `namespacePattern.virtualCluster`; without a pattern
 * `loft-<project>-v-<name>`. Known placeholders: `.Values.loft.project`, `.Values.loft.virtualClusterName`,
 * `.Values.loft.name`.
 * @throws PlatformError `invalid_request` if the result is no name of a namespace
 */
export function hostNamespaceOf(
  tenant: { project: string; name: string },
  pattern: string | undefined,
): string {
  const known: Record<string, string> = {
    project: tenant.project,
    virtualClusterName: tenant.name,
    name: tenant.name,
  };
  const namespace = pattern
    ? pattern.replace(
        /\{\{-?\s*\.Values\.loft\.(\w+)\s*-?\}\}/g,
        (whole, field: string) => known[field] ?? whole,
      )
    : defaultHostNamespace(tenant.project, tenant.name);
  if (namespace.includes('{{')) {
    throw new PlatformError(
      'invalid_request',
      `The project's namespacePattern.virtualCluster has a placeholder that is not known: ${namespace}`,
    );
  }
  checkName('Host namespace', namespace);
  return namespace;
}
