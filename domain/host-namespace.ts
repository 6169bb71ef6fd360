import { PlatformError } from '../contracts/errors.ts';
import { checkName, defaultHostNamespace, defaultSpaceNamespace, isName } from '../contracts/names.ts';
import { contentHash } from './content-hash.ts';

/**
 * Host namespace of a tenant cluster after its project's `namespacePattern.virtualCluster`; without a pattern
 * `loft-<project>-v-<name>`. Known placeholders: `.Values.loft.project`, `.Values.loft.virtualClusterName`,
 * `.Values.loft.name`.
 * @throws PlatformError `invalid_request` if the result is no name of a namespace, or one of a namespace that belongs to
 *   Kubernetes or to the platform
 */
export function hostNamespaceOf(subject: Subject, pattern: string | undefined): string {
  const byDefault = defaultHostNamespace(projectPlaceholder, namePlaceholder);
  return filledIn('virtualCluster', pattern || byDefault, { ...known, virtualClusterName: 'name' }, subject);
}

/**
 * Namespace of a space after its project's `namespacePattern.space`; without a pattern `loft-<project>-s-<name>`.
 * Known placeholders: `.Values.loft.project`, `.Values.loft.space`, `.Values.loft.name`.
 * @throws PlatformError as {@link hostNamespaceOf}
 */
export function spaceNamespaceOf(subject: Subject, pattern: string | undefined): string {
  const byDefault = defaultSpaceNamespace(projectPlaceholder, namePlaceholder);
  return filledIn('space', pattern || byDefault, { ...known, space: 'name' }, subject);
}

/** Namespaces of Kubernetes and of the platform itself: never a tenant cluster's nor a space's, whatever is on them. */
export function isReservedNamespace(namespace: string): boolean {
  return namespace === 'default' || /^(kube-|vcluster-platform(-|$))/.test(namespace);
}

interface Subject {
  readonly project: string;
  readonly name: string;
}
type Part = { readonly literal: string } | { readonly placeholder: keyof Subject };

const projectPlaceholder = '{{ .Values.loft.project }}';
const namePlaceholder = '{{ .Values.loft.name }}';
const known: Record<string, keyof Subject> = { project: 'project', name: 'name' };

function filledIn(
  field: string,
  pattern: string,
  placeholders: Record<string, keyof Subject>,
  subject: Subject,
): string {
  const parts = partsOf(pattern, placeholders);
  const joined = parts.map((part) => ('literal' in part ? part.literal : subject[part.placeholder])).join('');
  if (joined.includes('{{')) {
    throw new PlatformError(
      'invalid_request',
      `The project's namespacePattern.${field} has a placeholder that is not known: ${joined}`,
    );
  }
  // What could be another project's and another name's too is told apart by a hash; `a-v-b-v-c` is `a` + `b-v-c` and
  // `a-v-b` + `c`. With the hash it has as many readings, so that it is nobody's without one.
  const hash = contentHash([subject.project, subject.name]).slice(0, 8);
  const namespace = readings(parts, joined, {}) > 1 ? `${joined}-${hash}` : joined;
  checkName('Host namespace', namespace);
  if (isReservedNamespace(namespace)) {
    throw new PlatformError(
      'invalid_request',
      `Namespace ${namespace} belongs to Kubernetes or to the platform; change the project's namespacePattern.${field} or choose another name`,
    );
  }
  return namespace;
}

function partsOf(pattern: string, placeholders: Record<string, keyof Subject>): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of pattern.matchAll(/\{\{-?\s*\.Values\.loft\.(\w+)\s*-?\}\}/g)) {
    const placeholder = placeholders[match[1] ?? ''];
    if (placeholder === undefined) continue; // stays, and is refused
    parts.push({ literal: pattern.slice(at, match.index) }, { placeholder });
    at = match.index + match[0].length;
  }
  return [...parts, { literal: pattern.slice(at) }];
}

/**
 * How many pairs of project and name give `text`: with both in the pattern, those whose values are names. A pattern
 * without the project has one reading; it is refused where it is written (deploy/management/policy-projects.yaml), and
 * what it makes two projects share belongs to who was first.
 */
function readings([part, ...rest]: readonly Part[], text: string, bound: Partial<Subject>): number {
  if (part === undefined) return text === '' ? 1 : 0;
  if ('literal' in part)
    return text.startsWith(part.literal) ? readings(rest, text.slice(part.literal.length), bound) : 0;
  const value = bound[part.placeholder];
  if (value !== undefined)
    return text.startsWith(value) ? readings(rest, text.slice(value.length), bound) : 0;
  let count = 0;
  for (let length = 1; length <= text.length; length++) {
    const candidate = text.slice(0, length);
    if (isName(candidate))
      count += readings(rest, text.slice(length), { ...bound, [part.placeholder]: candidate });
  }
  return count;
}
