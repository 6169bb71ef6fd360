import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';

/** The error for an instance that the caller may not see, whether or not it exists. */
export function targetNotFound({ kind, project, name }: OperationTarget): PlatformError {
  const { noun, notFound } = kindNames[kind];
  return new PlatformError(
    notFound,
    `${noun} "${name}" not found in project "${project}", or you may not see it`,
  );
}
