import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';
import { labels } from '../../contracts/names.ts';
import { isPlatformsOwn } from '../instance-templates/template-metadata.ts';
import { descriptorOf } from './kinds.ts';

/** Labels that say whose a namespace is, besides the uid of its instance: a template does not set them. */
export function ownLabels({ kind, project, name }: OperationTarget): Record<string, string> {
  return { [labels.project]: project, [kindNames[kind].label]: name };
}

/**
 * Labels that the namespace of an instance has lost: those that are the platform's own as it gave them, and what a template may
 * set otherwise (its Pod Security level) if it is not there at all.
 * @param given that it has
 */
export function lostLabels(
  target: OperationTarget & { readonly uid: string },
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const made = {
    ...descriptorOf(target.kind).namespaceLabels,
    ...ownLabels(target),
    [labels.instanceUid]: target.uid,
  };
  return Object.fromEntries(
    Object.entries(made).filter(([name, value]) =>
      isPlatformsOwn(name) ? given[name] !== value : given[name] === undefined,
    ),
  );
}
