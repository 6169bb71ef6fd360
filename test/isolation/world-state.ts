import { management, type World } from './world.ts';

interface Item {
  readonly metadata: { readonly name: string; readonly uid: string; readonly annotations?: object };
  readonly spec?: unknown;
  readonly status?: { readonly phase?: string };
}

/**
 * What belongs to ana and bob, as the administrators of both sides see it: instances with spec and phase, operations
 * and snapshots by name, and the objects of their host namespaces by uid. Equal before and after all ways.
 */
export async function readVictims(world: World): Promise<Record<string, unknown>> {
  const state: Record<string, unknown> = {};
  for (const project of ['red', 'blue']) {
    for (const plural of ['virtualclusterinstances', 'spaceinstances']) {
      const path = `${management}/namespaces/p-${project}/${plural}`;
      const { items } = (await world.call('admin', 'GET', path)).json<{ items: Item[] }>();
      state[`${project} ${plural}`] = items
        .filter(({ metadata }) => ['dev', 'work'].includes(metadata.name))
        .map(({ metadata, spec, status }) => [metadata.name, metadata.uid, spec, status?.phase]);
    }
    for (const [collection, name] of [
      ['virtualclusters', 'dev'],
      ['spaces', 'work'],
    ]) {
      const path = `/api/v1/projects/${project}/${collection}/${name}/operations`;
      const { items } = (await world.call('admin', 'GET', path)).json<{ items: { id: string }[] }>();
      state[`${project}/${name} operations`] = items.map(({ id }) => id);
    }
    const snapshots = await world.call(
      'admin',
      'GET',
      `/api/v1/projects/${project}/virtualclusters/dev/snapshots`,
    );
    state[`${project}/dev snapshots`] = snapshots
      .json<{ items: { name: string; state: string }[] }>()
      .items.map(({ name, state: phase }) => [name, phase]);
    for (const namespace of [`loft-${project}-v-dev`, `loft-${project}-s-work`]) {
      const listed = await world.host(
        ...['get', 'namespace,statefulset,pod,service,pvc,configmap,secret,rolebinding'],
        ...['-n', namespace, '--field-selector', `metadata.name!=${namespace}-nothing`],
        ...['-o', 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\\n"}{end}'],
      );
      state[namespace] = listed
        .split('\n')
        .filter((line) => line !== '' && (!line.startsWith('Namespace ') || line.includes(` ${namespace} `)))
        .sort();
    }
  }
  return state;
}
