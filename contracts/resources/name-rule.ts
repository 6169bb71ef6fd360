import { maxTenantNameLength } from '../names.ts';
import type { CelRule } from './open-object.ts';

/** Rule for the names of tenant clusters and spaces: they become parts of names elsewhere. */
export const nameRule: CelRule = {
  rule: `size(self.metadata.name) <= ${maxTenantNameLength} && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,
  message: `the name must be at most ${maxTenantNameLength} lower-case letters, digits and "-", beginning and ending with a letter or digit`,
};
