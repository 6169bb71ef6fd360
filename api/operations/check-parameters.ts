import { PlatformError } from '../../contracts/errors.ts';
import { hasVerb, type OperationKind, targetNames } from '../../contracts/kinds.ts';
import { checkName } from '../../contracts/names.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import { hasPattern, parametersOf, requiredParametersOf } from '../../contracts/verbs.ts';

/** Parameters belong to one type each. @throws PlatformError `invalid_request` */
export function checkParameters(kind: OperationKind, { type, parameters = {} }: OperationRequest): void {
  if (!hasVerb(kind, type))
    throw new PlatformError(
      'invalid_request',
      `body/type: ${targetNames[kind].noun}s have no operation ${type}`,
    );
  const foreign = Object.keys(parameters).find((name) => !parametersOf(type).includes(name));
  if (foreign !== undefined)
    throw new PlatformError(
      'invalid_request',
      `body/parameters/${foreign}: not a parameter of the operation ${type}`,
    );
  const missing = requiredParametersOf(type).find((name) => !(name in parameters));
  if (missing !== undefined)
    throw new PlatformError(
      'invalid_request',
      `body/parameters/${missing} is missing: say which ${missing} to ${type}`,
    );
  for (const [name, value] of Object.entries(parameters))
    if (typeof value === 'string' && !hasPattern(type, name)) checkName(name, value);
}
