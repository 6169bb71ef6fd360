import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind, managedKinds, type OperationTarget } from '../../contracts/kinds.ts';
import { checkName, isName, platformNamespace } from '../../contracts/names.ts';
import type { ClusterSpec } from '../../contracts/resources/cluster.ts';
import { contentHash } from '../content-hash.ts';

/** Namespace of the platform's own objects in a connected cluster: its agent's, if it has one. */
export function managementNamespaceOf({ networkPeer, managementNamespace }: ClusterSpec): string {
  return (networkPeer === true && managementNamespace) || platformNamespace;
}

/** Namespaces of Kubernetes and of the platform itself: never a tenant cluster's nor a space's, whatever is on them. */
export function isReservedNamespace(namespace: string): boolean {
  return namespace === 'default' || /^(kube-|vcluster-platform(-|$))/.test(namespace);
}

type Field = 'project' | 'name';
type Part = { readonly literal: string } | { readonly placeholder: Field };

const [project, name] = ['{{ .Values.loft.project }}', '{{ .Values.loft.name }}'];

function defaultParts(kind: ManagedKind): Part[] {
  return partsOf(kind, kindNames[kind].namespace.byDefault(project, name));
}

/**
 * Namespace of an instance in its connected cluster after its project's pattern for the kind; without a pattern
 * the kind's default. Known placeholders: `.Values.loft.project`, `.Values.loft.name`, and the kind's own
 * for its name.
 * @param pattern of `spec.namespacePattern`
 * @throws PlatformError `invalid_request` if the result is not a name of a namespace, or one of a namespace that belongs
 *   to Kubernetes or to the platform
 */
export function hostNamespaceOf(target: OperationTarget, pattern: string | undefined): string {
  const { kind } = target;
  const { pattern: field } = kindNames[kind].namespace;
  const parts = pattern ? partsOf(kind, pattern) : defaultParts(kind);
  const joined = parts.map((part) => ('literal' in part ? part.literal : target[part.placeholder])).join('');
  if (joined.includes('{{')) {
    throw new PlatformError(
      'invalid_request',
      `the project's namespacePattern.${field} has an unknown placeholder: ${joined}`,
    );
  }
  // What could be another's too is told apart by a hash: `a-v-b-v-c` is `a` + `b-v-c` and `a-v-b` + `c`, and a space's
  // `a` + `b-v-c` is a tenant cluster's `a-s-b` + `c`. With the hash it has as many readings: without one it would be ambiguous.
  const readings = new Set([
    ...readingsOf(parts, joined).map((reading) => `${field} ${reading}`),
    ...managedKinds.flatMap((other) =>
      readingsOf(defaultParts(other), joined).map(
        (reading) => `${kindNames[other].namespace.pattern} ${reading}`,
      ),
    ),
  ]);
  const hash = contentHash([field, target.project, target.name]).slice(0, 8);
  const namespace = readings.size > 1 ? `${joined}-${hash}` : joined;
  checkName('Host namespace', namespace);
  if (isReservedNamespace(namespace)) {
    throw new PlatformError(
      'invalid_request',
      `namespace ${namespace} belongs to Kubernetes or to the platform; change the project's namespacePattern.${field} or choose another name`,
    );
  }
  return namespace;
}

function partsOf(kind: ManagedKind, pattern: string): Part[] {
  const known: Partial<Record<string, Field>> = {
    project: 'project',
    name: 'name',
    [kindNames[kind].namespace.placeholder]: 'name',
  };
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
function readingsOf(
  [part, ...rest]: readonly Part[],
  text: string,
  bound: Partial<Record<Field, string>> = {},
): string[] {
  if (part === undefined) return text === '' ? [`${bound.project ?? ''} ${bound.name ?? ''}`] : [];
  const value = 'literal' in part ? part.literal : bound[part.placeholder];
  if (value !== undefined)
    return text.startsWith(value) ? readingsOf(rest, text.slice(value.length), bound) : [];
  const { placeholder } = part as { placeholder: Field };
  const candidates = Array.from(text, (_, index) => text.slice(0, index + 1)).filter((one) => isName(one));
  return candidates.flatMap((one) =>
    readingsOf(rest, text.slice(one.length), { ...bound, [placeholder]: one }),
  );
}
