import { PlatformError } from '../../contracts/errors.ts';
import { type Subject, subjectNouns } from '../../contracts/operations.ts';

/** What is told of a tenant cluster or space to who may not see it, whether there is one or not. */
export function subjectNotFound({ kind, project, name }: Subject): PlatformError {
  return new PlatformError(
    kind === 'space' ? 'space_not_found' : 'tenant_cluster_not_found',
    `there is no ${subjectNouns[kind]} "${name}" in project "${project}", or you may not see it`,
  );
}
