import type { IdentityCase } from './identity-case.ts';
import { framingCases, pathCases } from './identity-framing-cases.ts';
import {
  connectionCases,
  impersonationCases,
  reservedCases,
  strippedCases,
} from './identity-header-cases.ts';
import { spaceCases } from './identity-space-cases.ts';

/** Requests that try to be somebody else, or two things at once. */
export const identityCases: readonly IdentityCase[] = [
  ...connectionCases(),
  ...impersonationCases(),
  ...strippedCases(),
  ...reservedCases(),
  ...framingCases(),
  ...pathCases(),
  ...spaceCases(),
];
