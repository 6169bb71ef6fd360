import assert from 'node:assert/strict';
import { kindNames } from '../../contracts/kinds.ts';
import type { Operation } from '../../contracts/operations.ts';
import { type Victim, victims } from './victims.ts';
import { management, type World } from './world.ts';

interface Item {
  readonly metadata: { readonly name: string; readonly uid: string; readonly annotations?: object };
  readonly spec?: unknown;
  readonly status?: { readonly phase?: string };
}

/**
 * What belongs to ana and bob, as the administrators of both sides see it: instances with spec and phase, operations
 * and snapshots by name, secrets, and the objects of their host namespaces by uid. Equal before and after all ways.
 */
export async function readVictims(world: World): Promise<Record<string, unknown>> {
  const state: Record<string, unknown> = {};
  for (const victim of victims) {
    const { kind, project, name, namespace } = victim;
    state[`${kind} ${project}/${name}`] = await instanceOf(world, victim);
    const path = `/api/v1/projects/${project}/${kindNames[kind].collection}/${name}`;
    const listed = async <T>(what: string) =>
      (await world.call('admin', 'GET', `${path}/${what}`)).json<{ items: T[] }>().items;
    const operations = await listed<Operation>('operations');
    state[`${kind} ${project}/${name} operations`] = operations.map(({ id }) => id);
    if (kind === 'tenant') {
      const snapshots = await listed<{ name: string; state: string }>('snapshots');
      state[`${project}/${name} snapshots`] = snapshots.map((snapshot) => [snapshot.name, snapshot.state]);
    }
    state[namespace] = await objectsOf(world, namespace);
  }
  for (const path of ['p-red/projectsecrets', 'loft/sharedsecrets']) {
    const { items } = (await world.call('admin', 'GET', `${management}/namespaces/${path}`)).json<{
      items: Item[];
    }>();
    assert.ok(items.length > 0, path);
    state[path] = items.map(({ metadata, spec }) => [metadata.name, metadata.uid, spec]);
  }
  return state;
}

async function instanceOf(world: World, { kind, project, name }: Victim): Promise<unknown> {
  const plural = kind === 'tenant' ? 'virtualclusterinstances' : 'spaceinstances';
  const path = `${management}/namespaces/p-${project}/${plural}/${name}`;
  const { metadata, spec, status } = (await world.call('admin', 'GET', path)).json<Item>();
  return [metadata.uid, spec, status?.phase];
}

async function objectsOf(world: World, namespace: string): Promise<string[]> {
  const listed = await world.host(
    ...['get', 'namespace,statefulset,pod,service,pvc,configmap,secret,rolebinding'],
    ...[
      '-n',
      namespace,
      '-o',
      'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\\n"}{end}',
    ],
  );
  const objects = listed
    .split('\n')
    .filter((line) => line !== '' && (!line.startsWith('Namespace ') || line.includes(` ${namespace} `)))
    .sort();
  assert.ok(objects.length > 1, `namespace ${namespace} is empty`);
  return objects;
}
