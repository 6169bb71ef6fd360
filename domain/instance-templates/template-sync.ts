import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { TemplateRef } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { DeployedTemplate } from '../../contracts/resources/instance-status.ts';
import { contentHash } from '../content-hash.ts';
import type { ConditionState } from '../status/conditions.ts';
import {
  isVersionPattern,
  newerVersion,
  resolveTemplate,
  type VersionedTemplate,
} from './template-version.ts';

/** Says whether an instance is made of its template as that is now; named as in vCluster Platform. */
export const templateSynced = 'TemplateSynced';

/** What is made of a template: what it asks, and what it was deployed from. */
export interface Following {
  readonly templateRef: TemplateRef | undefined;
  readonly deployed: DeployedTemplate | undefined;
}

export function followingOf({ spec, status }: Pick<ManagedInstance, 'spec' | 'status'>): Following {
  return { templateRef: spec?.templateRef, deployed: status?.template };
}

/** What `templateRef` selects of the template, as a status notes what was deployed; undefined if it selects nothing. */
export function selectionOf(
  templateRef: TemplateRef | undefined,
  template: VersionedTemplate | undefined,
): DeployedTemplate | undefined {
  if (!templateRef?.name || template === undefined) return undefined;
  const selected = resolveTemplate(template, templateRef.version);
  if (selected === undefined) return undefined;
  return { name: templateRef.name, hash: contentHash(selected), version: selected.version ?? '' };
}

/**
 * Hash of what an instance shall be made of now, because its reference follows the template's versions, or is to follow
 * the template once (`syncOnce`); undefined if it stays what it was made of.
 */
export function followedHash(
  { templateRef, deployed }: Following,
  template: VersionedTemplate | undefined,
): string | undefined {
  if (templateRef?.syncOnce !== true || isVersionPattern(templateRef.version ?? '')) return undefined;
  const selected = selectionOf(templateRef, template);
  return isSame(selected, deployed) ? undefined : selected?.hash;
}

/** Whether `syncOnce` has nothing to do any more: the template was followed, or there is none to follow. */
export function isSyncedOnce(
  { templateRef, deployed }: Following,
  template: VersionedTemplate | undefined,
): boolean {
  if (templateRef?.syncOnce !== true) return false;
  return (
    !templateRef.name || (deployed !== undefined && isSame(selectionOf(templateRef, template), deployed))
  );
}

/**
 * Condition `TemplateSynced`; undefined if nothing can be said: the template is gone, or what was deployed is not known.
 * @param isFixed whether what was made stays what it was made of
 */
export function templateSyncOf(
  { templateRef, deployed }: Following,
  template: VersionedTemplate | undefined,
  isFixed: boolean,
): ConditionState | undefined {
  const selected = selectionOf(templateRef, template);
  if (selected === undefined || template === undefined || deployed?.name !== selected.name) return undefined;
  const type = templateSynced;
  const wanted = templateRef?.version ?? '';
  const remedy = isFixed
    ? () => 'what was made keeps what it was made of'
    : (field: string) =>
        isVersionPattern(wanted) ? 'it will be deployed' : `set templateRef.${field} to deploy it`;
  const available = availableOf({ wanted, deployed, selected, template }, remedy);
  if (available !== undefined) return { type, status: 'False', severity: 'Info', ...available };
  return { type, status: 'True', message: `${shownName(deployed)} is deployed` };
}

interface Comparison {
  readonly wanted: string;
  readonly deployed: DeployedTemplate;
  readonly selected: DeployedTemplate;
  readonly template: VersionedTemplate;
}

/** What of the template is not deployed; the reasons are vCluster Platform's. */
function availableOf(
  { wanted, deployed, selected, template }: Comparison,
  remedy: (field: string) => string,
): { reason: string; message: string } | undefined {
  const newVersion = (message: string) => ({ reason: 'NewTemplateVersionAvailable', message });
  if (selected.version !== deployed.version) {
    const asked = wanted === '' ? 'the newest' : `templateRef.version ${wanted.slice(0, 60)}`;
    return newVersion(
      `${shownName(deployed)} is deployed, and ${asked} is ${selected.version || 'none'}: ${remedy('syncOnce')}`,
    );
  }
  if (selected.hash !== deployed.hash) {
    const message = `${shownName(deployed)} changed since it was deployed: ${remedy('syncOnce')}`;
    return { reason: 'TemplateChangesAvailable', message };
  }
  const newer = isVersionPattern(wanted) ? undefined : newerVersion(template, deployed.version);
  if (newer === undefined) return undefined;
  return newVersion(
    `${shownName(deployed)} is deployed, and there is version ${newer}: ${remedy('version')}`,
  );
}

function shownName({ name, version }: DeployedTemplate): string {
  const named = `template ${name.slice(0, 60)}`;
  return version === '' ? named : `version ${version} of ${named}`;
}

function isSame(a: DeployedTemplate | undefined, b: DeployedTemplate | undefined): boolean {
  return a?.name === b?.name && a?.hash === b?.hash;
}
