import type { OperationTarget, ManagedKind } from '../../contracts/kinds.ts';
import type { InstanceOf } from '../../contracts/resources/resource-kinds.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { instancePath, notFound, readInstance } from '../reading/management.ts';

const tries = 5;

/**
 * Changes the spec of an instance as it is now: what others wrote meanwhile stays, and the change is made to that.
 * @param change gives the new spec, or undefined if there is nothing to change
 * @param annotations that it has besides
 * @returns what is stored now, or undefined if nothing was changed
 */
export async function changeInstance<K extends ManagedKind>(
  client: Client,
  target: OperationTarget & { readonly kind: K },
  change: (spec: NonNullable<InstanceOf<K>['spec']>) => InstanceOf<K>['spec'] | undefined,
  query = '',
  annotations: Readonly<Record<string, string>> = {},
): Promise<InstanceOf<K> | undefined> {
  for (let left = tries; ; left -= 1) {
    const present = await readInstance(client, target);
    const changed = change(present.spec ?? {});
    const given = present.metadata.annotations ?? {};
    const isAnnotated = Object.entries(annotations).every(([name, text]) => given[name] === text);
    if (changed === undefined && isAnnotated) return undefined;
    const spec = changed ?? present.spec;
    const metadata = { ...present.metadata, annotations: { ...given, ...annotations } };
    try {
      return await client
        .call<InstanceOf<K>>('PUT', `${instancePath(target)}${query}`, { ...present, metadata, spec })
        .catch(notFound(target, ['not_found']));
    } catch (error) {
      if (!(error instanceof CommandFailure) || error.code !== 'conflict' || left === 1) throw error;
    }
  }
}
