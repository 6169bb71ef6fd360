import type { AppParameter } from '../contracts/resources/app-parameter.ts';
import type { TemplateRef } from '../contracts/resources/virtual-cluster-instance.ts';
import type {
  VirtualClusterTemplate,
  VirtualClusterTemplateDefinition,
} from '../contracts/resources/virtual-cluster-template.ts';

/** The part of a template that a reference selects. */
export interface ResolvedTemplate {
  readonly definition: VirtualClusterTemplateDefinition;
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
export function resolveTemplate(
  template: VirtualClusterTemplate,
  version: TemplateRef['version'],
): ResolvedTemplate | undefined {
  const { spec } = template;
  const versions = spec?.versions ?? [];
  const plain = { definition: spec?.template ?? {}, parameters: spec?.parameters ?? [], version: undefined };
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

type Versions = NonNullable<NonNullable<VirtualClusterTemplate['spec']>['versions']>;

function select(versions: Versions, version: string | undefined): ResolvedTemplate | undefined {
  const entry = versions.find((candidate) => candidate.version === version);
  if (entry === undefined) return undefined;
  return { definition: entry.template ?? {}, parameters: entry.parameters ?? [], version: entry.version };
}

function sameVersion(versions: Versions, wanted: string): string | undefined {
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
