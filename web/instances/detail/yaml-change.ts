import { parse, stringify } from 'yaml';
import { kindNames } from '../../../contracts/kinds.ts';
import { patchObject, readObject } from '../../server/management.ts';
import type { InstanceName } from '../../server/instances.ts';
import { yamlText as text } from '../../text/instance-yaml.ts';
import { changesOf, editablePart, overlap, patched } from './three-way.ts';

type Fields = ReturnType<typeof editablePart>;

/** What one began to edit, and what is in the editor now. */
export interface Draft {
  readonly base: Fields;
  readonly text: string;
}

/** A change that the platform would accept. */
export interface Plan {
  readonly patch: object;
  /** The whole before and after, as YAML. */
  readonly before: string;
  readonly after: string;
}

/** Others changed the same since one began to edit. */
export class EditConflict extends Error {
  /** The draft with one's own changes on top of the newest, and the newest itself. */
  readonly mine: Draft;
  readonly theirs: Draft;

  constructor(fields: readonly string[], mine: Draft, theirs: Draft) {
    super(text.conflict(fields.join(', ')));
    this.name = 'EditConflict';
    this.mine = mine;
    this.theirs = theirs;
  }
}

export function draftOf(object: object): Draft {
  const base = editablePart(object);
  return { base, text: stringify(base) };
}

/**
 * Asks the platform what a draft would do, by a dry run. Changes of others since it was begun stay, unless they are of the same fields.
 * @throws EditConflict, Error for what is not such an object, RequestFailure as the platform refuses it
 */
export async function planChange(target: InstanceName, draft: Draft): Promise<Plan> {
  const patch = changesOf(draft.base, objectIn(draft));
  if (Object.keys(patch).length === 0) throw new Error(text.nothing);
  const { plural } = kindNames[target.kind];
  const newest = await readObject(plural, target);
  const present = editablePart(newest);
  const both = overlap(patch, changesOf(draft.base, present));
  if (both.length > 0) {
    const mine = { base: present, text: stringify(patched(present, patch)) };
    throw new EditConflict(both, mine, { base: present, text: stringify(present) });
  }
  const sent = patched(patch, { metadata: { resourceVersion: newest.metadata.resourceVersion } });
  const answer = editablePart(await patchObject(plural, target, sent, { dryRun: true }));
  return { patch: sent, before: stringify(present), after: stringify(answer) };
}

/** @throws RequestFailure 409 if it was changed since the dry run */
export function applyChange({ kind, project, name }: InstanceName, { patch }: Plan): Promise<unknown> {
  return patchObject(kindNames[kind].plural, { project, name }, patch);
}

function objectIn({ base, text: given }: Draft): Fields {
  const object: unknown = parse(given);
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    throw new Error(text.notAnObject);
  const { metadata: was, ...head } = base as { metadata: Fields; kind?: string; apiVersion?: string };
  const { metadata, kind, apiVersion } = object as { metadata?: Fields; kind?: string; apiVersion?: string };
  const isSame =
    kind === head.kind &&
    apiVersion === head.apiVersion &&
    ['name', 'namespace', 'uid'].every((field) => metadata?.[field] === was[field]);
  if (!isSame) throw new Error(text.otherObject);
  return object as Fields;
}
