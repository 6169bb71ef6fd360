import type { ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';

const order = new Intl.Collator('en', { numeric: true });

/** Names of versions, the newest first. */
export function newestFirst(versions: readonly string[]): string[] {
  return versions.toSorted((a, b) => order.compare(b.replace(/^v/, ''), a.replace(/^v/, '')));
}

/** Names of the versions of a template, the newest first. */
export function versionsOf({ spec }: ManagedTemplate): string[] {
  return newestFirst((spec?.versions ?? []).map(({ version }) => version));
}

/** The newest version of a template, a release if it has one; undefined of one without versions. */
export function newestVersion(template: ManagedTemplate): string | undefined {
  const versions = versionsOf(template);
  return versions.find((version) => !/^v?[\d.]+-/.test(version)) ?? versions[0];
}
