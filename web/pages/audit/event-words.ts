import type { AuditEvent } from '../../../contracts/audit.ts';
import { auditText as text } from '../../text/audit.ts';

/** Who sent it, and as whom. */
export function userWords({ user, impersonatedUser }: AuditEvent): string {
  if (user === undefined) return text.unauthenticated;
  return impersonatedUser === undefined ? user : text.as(user, impersonatedUser);
}

/** What it was about: its verb and its object. */
export function objectWords({ resource, subresource, name, path, lost }: AuditEvent): string {
  if (lost !== undefined) return text.lost(lost);
  if (resource === undefined) return path;
  return [subresource === undefined ? resource : `${resource}/${subresource}`, name]
    .filter(Boolean)
    .join(' ');
}

/** Where that is. */
export function placeWords(event: AuditEvent): string {
  const { project = '', tenantCluster, space, cluster, namespace, pathKind } = event;
  const place =
    tenantCluster !== undefined
      ? text.tenantCluster(project, tenantCluster)
      : space !== undefined
        ? text.space(project, space)
        : cluster !== undefined
          ? text.cluster(cluster)
          : project !== ''
            ? text.project(project)
            : (text.pathKinds[pathKind] ?? '');
  return [place, namespace].filter(Boolean).join(' · ');
}

/** Whether it was refused or failed. */
export function isRefused({ code = 0 }: AuditEvent): boolean {
  return code >= 400;
}
