import { managementGroup } from '../../../contracts/names.ts';
import { type ComputedPlural, computedPlurals } from '../../../domain/computed-fields.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';

/** A request whose answer shows objects with computed fields. */
export interface ComputedRequest {
  readonly plural: ComputedPlural;
  /** As Kubernetes names it. */
  readonly verb: string;
  /** Nothing is stored of it. */
  readonly isDryRun: boolean;
}

/** What `method` and `target` ask for, if the answer holds objects of such a kind, whole and as JSON. */
export function computedRequest(
  method: string,
  target: KubernetesTarget,
  accept: string | undefined,
): ComputedRequest | undefined {
  if (target.kind !== 'management' || method === 'HEAD') return undefined;
  const { verb, resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || resource.group !== managementGroup || verb === '') return undefined;
  const plural = computedPlurals.find((one) => one === resource.resource);
  const { subresource = 'status' } = resource;
  if (plural === undefined || subresource !== 'status' || !takesPlainJson(accept)) return undefined;
  return { plural, verb, isDryRun: target.upstreamPath.includes('dryRun=') };
}

/**
 * Whether an API server answers with whole objects in JSON: by the first form that it has. It has none of a custom resource in
 * protobuf or CBOR but tables and metadata alone.
 */
function takesPlainJson(accept = ''): boolean {
  const forms = accept.split(',').map((form) => form.trim().toLowerCase().replaceAll(' ', ''));
  const first =
    forms.find((form) => form.includes(';as=') || !/^application\/(?:vnd\.|cbor)/.test(form)) ?? '';
  return !first.includes(';as=') && /^(?:application\/(?:json|\*)|\*\/\*|$)/.test(first);
}
