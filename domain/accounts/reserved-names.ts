import { internalPrefixes, reservedPrefixes } from '../../contracts/names.ts';

/**
 * Whether `name` belongs to Kubernetes or to the platform's own processes: it never comes from outside, and no one may
 * act as it, whatever RBAC says.
 */
export function isInternalName(name: string): boolean {
  return beginsWithOne(name, internalPrefixes);
}

/**
 * Whether no one may have `name` as subject or among the groups of their own: internal, or one that the platform
 * gives. (The groups of users and teams begin so too: to act as one of these is for RBAC to allow.)
 */
export function isReservedName(name: string): boolean {
  return beginsWithOne(name, reservedPrefixes);
}

/**
 * Kubernetes compares names byte by byte, but not everything on the way to it does: HTTP trims blanks, identity
 * providers and people fold case and width. So a name is judged by what it could be taken for: without characters that
 * no one sees, in compatibility form, in lower case. (Letters of other alphabets that look alike are never folded into
 * these, and never leave the gateway: names in headers are ASCII, `isHeaderText`.)
 */
function beginsWithOne(name: string, prefixes: readonly string[]): boolean {
  const plain = name
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, '')
    .toLowerCase();
  return prefixes.some((prefix) => plain.startsWith(prefix));
}
