import { kindNames, type ManagedKind, managedKinds, type TemplatePlural } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';

/** Whose templates are `plural`, as an address names it; undefined: there is no such kind. */
export function kindOfTemplates(plural: string | undefined): ManagedKind | undefined {
  return managedKinds.find((kind) => kindNames[kind].templates.plural === plural);
}

export function pluralOf(kind: ManagedKind): TemplatePlural {
  return kindNames[kind].templates.plural;
}

/** What people call a template. */
export function titleOf({ metadata, spec }: ManagedTemplate): string {
  return spec?.displayName || metadata.name;
}
