import { readHelmYamlStream } from './helm-yaml.ts';

/**
 * Whether a value has the structure of another, which is known to be harmless: the same keys, and at each place an
 * object, a list of the same length, nothing, or a scalar in both. A text that looks like a number is still a scalar.
 * Where the harmless text is itself a document (charts take manifests as texts, and templates of them), so must be the other.
 */
export function sameStructure(value: unknown, harmless: unknown): boolean {
  if (Array.isArray(value) || Array.isArray(harmless))
    return (
      Array.isArray(value) &&
      Array.isArray(harmless) &&
      value.length === harmless.length &&
      value.every((item, index) => sameStructure(item, harmless[index]))
    );
  if (isObject(value) || isObject(harmless)) {
    if (!isObject(value) || !isObject(harmless)) return false;
    const keys = Object.keys(value);
    return (
      keys.length === Object.keys(harmless).length &&
      keys.every((key) => Object.hasOwn(harmless, key) && sameStructure(value[key], harmless[key]))
    );
  }
  if (typeof value === 'string' && typeof harmless === 'string' && value !== harmless)
    return sameDocument(value, harmless);
  return isNothing(value) === isNothing(harmless);
}

function sameDocument(text: string, harmless: string): boolean {
  const documents = readOrUndefined(harmless);
  if (documents === undefined) return readOrUndefined(text) === undefined;
  if (!documents.some(isObject)) return true;
  const actions = (one: string) => one.split('{{').length;
  return actions(text) === actions(harmless) && sameStructure(readOrUndefined(text), documents);
}

function readOrUndefined(text: string): unknown[] | undefined {
  try {
    return readHelmYamlStream(text);
  } catch {
    return undefined;
  }
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
