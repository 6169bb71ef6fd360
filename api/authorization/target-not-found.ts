import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';

/** What is told of an instance to who may not see it, whether there is one or not. */
export function targetNotFound({ kind, project, name }: OperationTarget): PlatformError {
  const { noun, notFound } = kindNames[kind];
  return new PlatformError(
    notFound,
    `${noun} "${name}" not found in project "${project}", or you may not see it`,
  );
}
