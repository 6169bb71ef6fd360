import { Compile } from 'typebox/compile';
import { PlatformError } from '../../../contracts/errors.ts';
import { checkName, formerSnapshotKey } from '../../../contracts/names.ts';
import type { ObjectMeta } from '../../../contracts/resources/object-meta.ts';
import {
  type SecretPlural,
  type SecretResource,
  SecretSpec,
  secretKinds,
} from '../../../contracts/resources/secret-kinds.ts';
import { isOwn } from '../../../domain/secret-resources.ts';

/** What a client asks to be kept. */
export interface SecretChange {
  readonly name: string;
  readonly metadata: Partial<ObjectMeta>;
  readonly spec: SecretSpec;
}

const spec = Compile(SecretSpec);
const longestName = 253;

/**
 * The secret in a body. What is wrong is told by its field: a value never comes back in an answer.
 * @throws PlatformError `invalid_request`
 */
export function secretIn(plural: SecretPlural, namespace: string, body: unknown): SecretChange {
  const { kind, metadata = {}, spec: given = {} } = record(body, 'the body');
  if (kind !== undefined && kind !== secretKinds[plural].kind)
    invalid(`kind must be ${secretKinds[plural].kind}`);
  const meta = record(metadata, 'metadata');
  if (typeof meta['name'] !== 'string') invalid('metadata.name is missing');
  checkName(secretKinds[plural].singular, meta['name'], longestName);
  if (meta['name'] === formerSnapshotKey) invalid(`the name ${formerSnapshotKey} is the platform's own`);
  if (meta['namespace'] !== undefined && meta['namespace'] !== '' && meta['namespace'] !== namespace)
    invalid('metadata.namespace must be that of the URL');
  for (const field of ['finalizers', 'ownerReferences'])
    if (Array.isArray(meta[field]) && meta[field].length > 0) invalid(`metadata.${field} cannot be set here`);
  const annotations = texts(meta['annotations'], 'metadata.annotations');
  const own = Object.keys(annotations).find((name) => isOwn(plural, name));
  if (own !== undefined) invalid(`metadata.annotations: ${own} is the platform's own: say it in spec`);
  return {
    name: meta['name'],
    metadata: {
      labels: texts(meta['labels'], 'metadata.labels'),
      annotations,
      ...text(meta, 'uid'),
      ...text(meta, 'resourceVersion'),
    },
    spec: checkedSpec(given),
  };
}

/** JSON merge patch (RFC 7386) of a secret. */
export function mergedSecret(before: SecretResource, patch: unknown): unknown {
  return merged(before, record(patch, 'the body'));
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch))
    if (value === null) delete result[field];
    else result[field] = merged(result[field], value);
  return result;
}

function checkedSpec(given: unknown): SecretSpec {
  const fields = record(given, 'spec');
  if (!spec.Check(fields)) {
    const wrong = [...spec.Errors(fields)].map(
      ({ instancePath, message }) => `spec${instancePath} ${message}`,
    );
    invalid(wrong.slice(0, 5).join('; '));
  }
  const { owner } = fields;
  if (owner !== undefined && Boolean(owner.user) === Boolean(owner.team))
    invalid('spec.owner is exactly one of user and team');
  return fields;
}

function texts(value: unknown, field: string): Record<string, string> {
  const all = record(value ?? {}, field);
  if (!Object.values(all).every((one) => typeof one === 'string')) invalid(`${field} must be texts`);
  return all as Record<string, string>;
}

function text(all: Record<string, unknown>, field: 'uid' | 'resourceVersion'): Partial<ObjectMeta> {
  const value = all[field];
  if (value === undefined || value === null || value === '') return {};
  return typeof value === 'string' ? { [field]: value } : invalid(`metadata.${field} must be a text`);
}

function record(value: unknown, what: string): Record<string, unknown> {
  return isRecord(value) ? value : invalid(`${what} must be an object`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): never {
  throw new PlatformError('invalid_request', message);
}
