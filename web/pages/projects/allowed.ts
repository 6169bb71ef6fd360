import { kindNames, type ManagedKind, managedKinds } from '../../../contracts/kinds.ts';
import type { AllowedTemplate, ProjectSpec } from '../../../contracts/resources/project.ts';

/** What of something a project allows: all that there are (`only` undefined), or only these. */
export interface Allowance {
  readonly only: readonly string[] | undefined;
  readonly byDefault?: string | undefined;
}

export function allowedClusters({ allowedClusters: list }: ProjectSpec): Allowance {
  const names = namesOf(list);
  return { only: names?.includes('*') === true ? undefined : names };
}

export function allowedTemplates(kind: ManagedKind, { allowedTemplates: list }: ProjectSpec): Allowance {
  const ofKind = list?.filter((entry) => isOf(kind, entry));
  const names = namesOf(ofKind);
  const byDefault = ofKind?.find(({ isDefault, name }) => isDefault === true && name !== '*')?.name;
  return { only: names?.includes('*') === true ? undefined : names, byDefault };
}

function namesOf(list: readonly { readonly name?: string }[] | undefined): string[] | undefined {
  return list?.flatMap(({ name }) => (name ? [name] : []));
}

function isOf(kind: ManagedKind, { kind: of }: AllowedTemplate): boolean {
  return (of || kindNames.tenant.templates.kind) === kindNames[kind].templates.kind;
}

/** `spec.allowedClusters` for it; null: no list, which allows all. */
export function clusterList({ only }: Allowance): { name: string }[] | null {
  return only === undefined ? null : only.map((name) => ({ name }));
}

/** `spec.allowedTemplates` for them; null: no list, which allows all. */
export function templateList(
  allowances: Readonly<Record<ManagedKind, Allowance>>,
  { allowedTemplates: before = [] }: ProjectSpec,
): AllowedTemplate[] | null {
  const others = before.filter((entry) => !managedKinds.some((kind) => isOf(kind, entry)));
  const isAll = managedKinds.every(
    (kind) => allowances[kind].only === undefined && !allowances[kind].byDefault,
  );
  if (isAll && others.length === 0) return null;
  return [...managedKinds.flatMap((kind) => entriesOf(kind, allowances[kind])), ...others];
}

function entriesOf(kind: ManagedKind, { only, byDefault }: Allowance): AllowedTemplate[] {
  const { kind: of } = kindNames[kind].templates;
  const names = only ?? ['*', ...(byDefault ? [byDefault] : [])];
  return names.map((name) => ({ kind: of, name, ...(name === byDefault ? { isDefault: true } : {}) }));
}
