import { PlatformError } from '../../../contracts/errors.ts';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { descriptorOf, withDefaults } from '../../../domain/kinds/kinds.ts';
import { resolveParameters } from '../../../templates/template-parameters.ts';
import type { Gateway } from '../../gateway.ts';

/** A write of an instance; its name is empty for a new one. */
export interface InstanceWrite {
  readonly kind: ManagedKind;
  readonly project: string;
  readonly name: string;
}

/** @throws PlatformError `invalid_parameters` if those of what would be stored do not fit its template */
export function checkParameters(
  { cache }: Gateway,
  { kind, project, name }: InstanceWrite,
  wanted: ManagedInstance,
): void {
  const { templateName, parameters } = descriptorOf(kind);
  const given = cache.projects().find(({ metadata }) => metadata.name === project);
  const instance = given === undefined ? wanted : withDefaults(kind, wanted, given);
  const askedBy = (one: ManagedInstance) => parameters(one, cache.template(kind, templateName(one) ?? ''));
  const asked = askedBy(instance);
  const before = name === '' ? undefined : cache.instance({ kind, project, name });
  // What is stored already stays, and stands in the way of nothing else.
  const isKept = before !== undefined && JSON.stringify(askedBy(before)) === JSON.stringify(asked);
  if (asked === undefined || isKept) return;
  try {
    resolveParameters(asked.template, asked.text);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new PlatformError(error.code, error.message, {
      details: { field: 'spec.parameters' },
      cause: error,
    });
  }
}
