import { parseDocument } from 'yaml';

/** Longer values are refused when they are rendered (adapters/helm/render-values.ts). */
const maxLength = 256 * 1024;

/**
 * Settings of a vcluster.yaml by which vCluster Platform itself does something, and this platform does not. (What vCluster's
 * own control plane does is its chart's.) The settings of sleep are in sleep/sleep-values.ts.
 */
const ignoredSettings = ['snapshots.auto', 'integrations.argoCD', 'deploy'] as const;
/** Most values say nothing of all this, and need not be read. */
const mentions = /\b(?:snapshots|integrations|deploy)\b/;

/**
 * Paths of settings in `values`, the text of a vcluster.yaml, that are kept and not acted on.
 * @param isSet whether a value says something
 */
export function settingsIgnored(values: string | undefined, isSet: (value: unknown) => boolean): string[] {
  if (values === undefined || !mentions.test(values)) return [];
  const settings = readValues(values);
  return ignoredSettings.filter((path) => isSet(valueAt(settings, path)));
}

/** What stands for the value of an expression: what it is, only rendering says. */
const expression = '__expression__';

/** Whether a value that was read of a Go template holds an expression. */
export function isExpression(value: unknown): boolean {
  return typeof value === 'string' && value.includes(expression);
}

/** Whether values are a Go template, so that only rendering says what they are. */
export function areRendered(values: string): boolean {
  return values.includes('{{');
}

/** What was read of a text. Thousands of instances have the few texts of their templates, and a text takes milliseconds. */
const known = new Map<string, unknown>();
const maxKnown = 100;
const longestKnown = 16 * 1024;

/**
 * The values as far as they can be read without rendering them: all branches of conditions count, and lines that are made by an
 * expression are left out. Not to be changed: it is given again.
 */
export function readValues(values: string): unknown {
  if (values.length > maxLength) return undefined;
  if (known.has(values)) return known.get(values);
  const found = read(values);
  if (known.size >= maxKnown) known.clear();
  if (values.length <= longestKnown) known.set(values, found);
  return found;
}

function read(values: string): unknown {
  const text = values
    .replaceAll(
      /\{\{-?\s*(?:\/\*[\s\S]*?\*\/|(?:if|else|end|range|with|define|block|template|break|continue)\b[\s\S]*?)-?\}\}/g,
      '',
    )
    .replaceAll(/^[ \t]*\{\{(?:(?!\}\})[\s\S])*\}\}[ \t]*$/gm, '')
    .replaceAll(/\{\{[\s\S]*?\}\}/g, expression);
  try {
    const document = parseDocument(text, { version: '1.1', logLevel: 'silent', uniqueKeys: false });
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch {
    return undefined; // nested too deeply, or too many aliases: rendering refuses it too
  }
}

/** What stands at a path (`sleep.auto.schedule`); undefined if nothing does. */
export function valueAt(value: unknown, path: string): unknown {
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
