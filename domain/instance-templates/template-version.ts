import type { AppParameter } from '../../contracts/resources/app-parameter.ts';
import type { TemplateRef } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplateDefinition } from '../../contracts/resources/virtual-cluster-template.ts';

/** What the templates of all kinds have in common. */
export interface VersionedTemplate<D extends object = object> {
  readonly spec?: {
    readonly template?: D;
    readonly parameters?: readonly AppParameter[];
    readonly versions?: readonly {
      readonly version: string;
      readonly template?: D;
      readonly parameters?: readonly AppParameter[];
    }[];
  };
}

/** The part of a template that a reference selects. */
export interface ResolvedTemplate<D extends object = VirtualClusterTemplateDefinition> {
  readonly definition: D;
  readonly parameters: readonly AppParameter[];
  /** Undefined for a template without versions. */
  readonly version: string | undefined;
}

type Version = readonly [major: number, minor: number, patch: number, prerelease: string];

/** Whether `version` follows a template (`1.X.X`, `1.2.X`, `x.x.x`) rather than naming one version of it. */
export function isVersionPattern(version: string): boolean {
  return /^v?(\d+\.(\d+\.)?)?[xX](\.[xX])*$/.test(version);
}

/**
 * What `ref.version` selects in `template`; undefined if no version matches.
 *
 * An exact version selects itself. A pattern selects the newest release that fits (pre-releases never fit); in a
 * template without versions, `x.x.x` selects the template as it is. No version selects the template's own
 * definition or, if it has versions only, the newest.
 */
export function resolveTemplate<D extends object>(
  template: VersionedTemplate<D>,
  version: TemplateRef['version'],
): ResolvedTemplate<D> | undefined {
  const { spec } = template;
  const versions = spec?.versions ?? [];
  const definition = spec?.template ?? ({} as D); // every field of a definition is optional
  const plain = { definition, parameters: spec?.parameters ?? [], version: undefined };
  if (version === undefined || version === '') {
    if (spec?.template !== undefined || versions.length === 0) return plain;
    return select(
      versions,
      newest(
        versions.map((entry) => entry.version),
        () => true,
      ),
    );
  }
  if (!isVersionPattern(version)) return select(versions, sameVersion(versions, version));
  if (versions.length === 0) return /^v?[xX](\.[xX])*$/.test(version) ? plain : undefined;
  const fixed = version
    .replace(/^v/, '')
    .split('.')
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
  const fits = (candidate: Version) => fixed.every((part, index) => candidate[index] === part);
  return select(
    versions,
    newest(
      versions.map((entry) => entry.version),
      fits,
    ),
  );
}

/** The newest version of a template, if it is newer than `version`. */
export function newerVersion({ spec }: VersionedTemplate, version: string): string | undefined {
  const versions = (spec?.versions ?? []).map((entry) => entry.version);
  const latest = newest(versions, () => true);
  const [ours, theirs] = [parse(version), parse(latest ?? '')];
  if (ours === undefined || theirs === undefined) return undefined;
  // A release is newer than a pre-release of the same numbers.
  const isNewer = compare(theirs, ours) > 0 || (compare(theirs, ours) === 0 && ours[3] !== '');
  return isNewer ? latest : undefined;
}

/**
 * A version that is not deployed and could be: what `reference` selects now or, if that is deployed and the reference does not
 * follow the template, the newest one. Undefined: there is none. As condition `TemplateSynced` says it (template-sync.ts).
 */
export function availableVersion(
  template: VersionedTemplate,
  reference: TemplateRef['version'],
  deployed: string,
): string | undefined {
  const selected = resolveTemplate(template, reference)?.version;
  if (selected === undefined) return undefined;
  if (selected !== deployed) return selected;
  return isVersionPattern(reference ?? '') ? undefined : newerVersion(template, deployed);
}

type Versions<D extends object> = NonNullable<NonNullable<VersionedTemplate<D>['spec']>['versions']>;

function select<D extends object>(
  versions: Versions<D>,
  version: string | undefined,
): ResolvedTemplate<D> | undefined {
  const entry = versions.find((candidate) => candidate.version === version);
  if (entry === undefined) return undefined;
  const definition = entry.template ?? ({} as D);
  return { definition, parameters: entry.parameters ?? [], version: entry.version };
}

function sameVersion(versions: Versions<object>, wanted: string): string | undefined {
  const bare = wanted.replace(/^v/, '');
  return versions.find((entry) => entry.version.replace(/^v/, '') === bare)?.version;
}

function newest(versions: readonly string[], fits: (version: Version) => boolean): string | undefined {
  return versions
    .map((text) => ({ text, version: parse(text) }))
    .filter((entry): entry is { text: string; version: Version } => entry.version !== undefined)
    .filter(({ version }) => version[3] === '' && fits(version))
    .sort((a, b) => compare(b.version, a.version))
    .at(0)?.text;
}

function parse(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([^+]+))?(?:\+.*)?$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3]), match[4] ?? ''];
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
