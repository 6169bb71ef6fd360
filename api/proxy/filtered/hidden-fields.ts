import { type ManagedPlural, managedPlurals } from '../../../contracts/kinds.ts';
import type { ResourcePlural } from '../../../contracts/resources/resource-kinds.ts';

/** What stands in place of a text that may hold secrets, for users who may read an object and not change it. */
export const hiddenText = '(hidden: visible only to users who may update this object)';

/** kubectl keeps the whole object in it. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Texts that people write secrets into. Administrators' templates are for all who use them: only passwords are hidden. */
const hiddenInInstances = new Set(['parameters', 'values', 'objects', 'manifests', 'password']);
const hiddenTexts = {
  ...(Object.fromEntries(managedPlurals.map((plural) => [plural, hiddenInInstances])) as unknown as {
    [P in ManagedPlural]: ReadonlySet<string>;
  }),
  virtualclustertemplates: new Set(['password']),
} as const satisfies Partial<Record<ResourcePlural, ReadonlySet<string>>>;

/** The kinds with such texts. */
export type HidingPlural = keyof typeof hiddenTexts;

export function isHidingPlural(plural: string): plural is HidingPlural {
  return Object.hasOwn(hiddenTexts, plural);
}

/** `object` (whole, or its metadata alone) without what may hold secrets; what is not hidden stays as it is. */
export function withoutHidden<T extends object>(plural: HidingPlural, object: T): T {
  const { metadata, spec } = object as {
    metadata?: { annotations?: Record<string, string> };
    spec?: unknown;
  };
  const hidden: Record<string, unknown> = { ...(object as Record<string, unknown>) };
  if (metadata?.annotations?.[lastApplied] !== undefined) {
    const { [lastApplied]: _whole, ...annotations } = metadata.annotations;
    hidden['metadata'] = { ...metadata, annotations };
  }
  if (spec !== undefined) hidden['spec'] = hide(spec, hiddenTexts[plural]);
  return hidden as T;
}

function hide(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((each) => hide(each, names));
  if (typeof value !== 'object' || value === null) return value;
  // The default of a parameter that is a password.
  const isPassword = 'type' in value && value.type === 'password';
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => {
      const isHidden = names.has(name) || (isPassword && name === 'defaultValue');
      if (isHidden && typeof content === 'string') return [name, content === '' ? '' : hiddenText];
      return [name, hide(content, names)];
    }),
  );
}
