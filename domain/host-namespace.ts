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
  return filledIn('virtualCluster', pattern, subject);
}

/**
 * Namespace of a space after its project's `namespacePattern.space`; without a pattern `loft-<project>-s-<name>`.
 * Known placeholders: `.Values.loft.project`, `.Values.loft.space`, `.Values.loft.name`.
 * @throws PlatformError as {@link hostNamespaceOf}
 */
export function spaceNamespaceOf(subject: Subject, pattern: string | undefined): string {
  return filledIn('space', pattern, subject);
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

/** Placeholders of a pattern, by its field of `spec.namespacePattern`. */
const placeholders = {
  virtualCluster: { project: 'project', name: 'name', virtualClusterName: 'name' },
  space: { project: 'project', name: 'name', space: 'name' },
} as const satisfies Record<string, Record<string, keyof Subject>>;
type Field = keyof typeof placeholders;

const [project, name] = ['{{ .Values.loft.project }}', '{{ .Values.loft.name }}'];
const defaults: Record<Field, readonly Part[]> = {
  virtualCluster: partsOf('virtualCluster', defaultHostNamespace(project, name)),
  space: partsOf('space', defaultSpaceNamespace(project, name)),
};

function filledIn(field: Field, pattern: string | undefined, subject: Subject): string {
  const parts = pattern ? partsOf(field, pattern) : defaults[field];
  const joined = parts.map((part) => ('literal' in part ? part.literal : subject[part.placeholder])).join('');
  if (joined.includes('{{')) {
    throw new PlatformError(
      'invalid_request',
      `The project's namespacePattern.${field} has a placeholder that is not known: ${joined}`,
    );
  }
  // What could be another's too is told apart by a hash: `a-v-b-v-c` is `a` + `b-v-c` and `a-v-b` + `c`, and a space's
  // `a` + `b-v-c` is a tenant cluster's `a-s-b` + `c`. With the hash it has as many readings: it is nobody's without one.
  const readings = new Set([
    ...readingsOf(parts, joined).map((reading) => `${field} ${reading}`),
    ...(['virtualCluster', 'space'] as const).flatMap((kind) =>
      readingsOf(defaults[kind], joined).map((reading) => `${kind} ${reading}`),
    ),
  ]);
  const hash = contentHash([field, subject.project, subject.name]).slice(0, 8);
  const namespace = readings.size > 1 ? `${joined}-${hash}` : joined;
  checkName('Host namespace', namespace);
  if (isReservedNamespace(namespace)) {
    throw new PlatformError(
      'invalid_request',
      `Namespace ${namespace} belongs to Kubernetes or to the platform; change the project's namespacePattern.${field} or choose another name`,
    );
  }
  return namespace;
}

function partsOf(field: Field, pattern: string): Part[] {
  const known: Record<string, keyof Subject> = placeholders[field];
  const parts: Part[] = [];
  let at = 0;
  for (const match of pattern.matchAll(/\{\{-?\s*\.Values\.loft\.(\w+)\s*-?\}\}/g)) {
    const placeholder = known[match[1] ?? ''];
    if (placeholder === undefined) continue; // stays, and is refused
    parts.push({ literal: pattern.slice(at, match.index) }, { placeholder });
    at = match.index + match[0].length;
  }
  return [...parts, { literal: pattern.slice(at) }];
}

/**
 * The pairs of project and name that give `text`, as `<project> <name>`. A pattern without the project has one reading;
 * it is refused where it is written (deploy/management/policy-namespace-pattern.yaml), and what it makes two projects
 * share belongs to who was first.
 */
function readingsOf([part, ...rest]: readonly Part[], text: string, bound: Partial<Subject> = {}): string[] {
  if (part === undefined) return text === '' ? [`${bound.project ?? ''} ${bound.name ?? ''}`] : [];
  const value = 'literal' in part ? part.literal : bound[part.placeholder];
  if (value !== undefined)
    return text.startsWith(value) ? readingsOf(rest, text.slice(value.length), bound) : [];
  const { placeholder } = part as { placeholder: keyof Subject };
  const candidates = Array.from(text, (_, index) => text.slice(0, index + 1)).filter((one) => isName(one));
  return candidates.flatMap((one) =>
    readingsOf(rest, text.slice(one.length), { ...bound, [placeholder]: one }),
  );
}
