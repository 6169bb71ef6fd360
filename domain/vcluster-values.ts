import { parseDocument } from 'yaml';

/**
 * Settings of a vcluster.yaml by which vCluster Platform itself does something, and this platform does not. (What vCluster's
 * own control plane does is its chart's.)
 */
const ignoredSettings = [
  'sleep.auto',
  'sleepMode',
  'deletion.auto',
  'snapshots.auto',
  'integrations.argoCD',
  'deploy',
  'external.platform.autoSleep',
  'external.platform.autoDelete',
] as const;

const preventDeletion = 'deletion.prevent';
/** Longer values are refused when they are rendered (adapters/helm/render-values.ts). */
const maxLength = 256 * 1024;
/** Most values say nothing of all this, and need not be read. */
const mentions = /\b(?:sleep|sleepMode|deletion|snapshots|integrations|deploy|platform)\b/;

/**
 * Paths of settings in `values`, the text of a vcluster.yaml, that are kept and not acted on.
 * @param isSet whether a value says something
 */
export function settingsIgnored(values: string | undefined, isSet: (value: unknown) => boolean): string[] {
  if (values === undefined || !mentions.test(values)) return [];
  const read = readSettings(values);
  const ignored = ignoredSettings.filter((path) => isSet(valueAt(read, path)));
  return isExpression(valueAt(read, preventDeletion)) ? [...ignored, preventDeletion] : ignored;
}

/** Whether `values` say `deletion.prevent: true`, as they stand there; an expression says nothing. */
export function preventsDeletion(values: string | undefined): boolean {
  return (
    values !== undefined && mentions.test(values) && valueAt(readSettings(values), preventDeletion) === true
  );
}

/** What stands for the value of an expression: what it is, only rendering says. */
const expression = '__expression__';

function isExpression(value: unknown): boolean {
  return typeof value === 'string' && value.includes(expression);
}

/**
 * The values as far as they can be read without rendering them: all branches of conditions count, and lines that are made by an
 * expression are left out.
 */
function readSettings(values: string): unknown {
  if (values.length > maxLength) return undefined;
  const text = values
    .replaceAll(
      /\{\{-?\s*(?:\/\*[\s\S]*?\*\/|(?:if|else|end|range|with|define|block|template|break|continue)\b[\s\S]*?)-?\}\}/g,
      '',
    )
    .replaceAll(/^[ \t]*\{\{(?:(?!\}\})[\s\S])*\}\}[ \t]*$/gm, '')
    .replaceAll(/\{\{[\s\S]*?\}\}/g, expression);
  try {
    const read: unknown = parseDocument(text, { version: '1.1', logLevel: 'silent', uniqueKeys: false }).toJS(
      {
        maxAliasCount: 100,
      },
    );
    return read;
  } catch {
    return undefined; // nested too deeply, or too many aliases: rendering refuses it too
  }
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, name)
          ? (at as Record<string, unknown>)[name]
          : undefined,
      value,
    );
}
