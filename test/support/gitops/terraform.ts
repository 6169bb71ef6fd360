import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import { eventually } from '../eventually.ts';
import type { Manifest } from '../guides.ts';
import type { Answer, TestPlatform } from '../platform.ts';

type Value = unknown;
type Fields = Record<string, Value>;

/** What an apply would do with a resource. */
export type Plan = 'create' | 'update' | 'no changes';

/**
 * Resource `kubernetes_manifest` of Terraform's provider hashicorp/kubernetes, as its source says (v2.38): its state is the
 * whole object but for what servers write, each plan begins with reading that again, and an update sends all of it,
 * so that fields that no manifest names come back to the API.
 */
export interface ManifestResource {
  plan(manifest: Manifest): Promise<Plan>;
  /** @throws AssertionError "inconsistent result": the answer has not the values that were planned */
  apply(manifest: Manifest, options?: { force: boolean }): Promise<void>;
  destroy(): Promise<void>;
}

export function manifestResource(platform: TestPlatform, first: Manifest): ManifestResource {
  const path = pathOf(first);
  let state: { manifest: Manifest; object: Fields } | undefined;

  async function refresh(): Promise<void> {
    if (state === undefined) return;
    const answer = await platform.call('GET', path);
    if (answer.status === 404) state = undefined;
    else state = { ...state, object: kept(answer) };
  }

  /** What it sends, and what of it the answer must have. */
  const planned = (manifest: Manifest): Fields =>
    state === undefined
      ? structuredClone(manifest as unknown as Fields)
      : (merged(manifest, state.manifest, state.object) as Fields);

  return {
    async plan(manifest) {
      await refresh();
      if (state === undefined) return 'create';
      return isDeepStrictEqual(planned(manifest), state.object) ? 'no changes' : 'update';
    },
    async apply(manifest, { force } = { force: false }) {
      await refresh();
      const sent = planned(manifest);
      const answer = await platform.call(
        'PATCH',
        `${path}?fieldManager=Terraform&force=${force}`,
        JSON.stringify(sent),
        { headers: { 'content-type': 'application/apply-patch+yaml' } },
      );
      assert.ok(answer.status === 200 || answer.status === 201, answer.text);
      const object = kept(answer);
      assertHas(object, sent, isChanged(manifest, state?.manifest) ? computed : new Set());
      state = { manifest, object };
    },
    async destroy() {
      const answer = await platform.call('DELETE', path);
      assert.equal(answer.status, 200, answer.text);
      await eventually('it is gone', async () => (await platform.call('GET', path)).status === 404);
      state = undefined;
    },
  };
}

function pathOf({ kind, metadata: { namespace, name } }: Manifest): string {
  const [plural] = Object.entries(resourceKinds).find(([, each]) => each.kind === kind) ?? [];
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/kubernetes/management/apis/management.loft.sh/v1${scope}/${plural}/${name}`;
}

/** An object without what its provider leaves out of the state. */
function kept(answer: Answer): Fields {
  const { status: _, metadata, ...rest } = answer.json<Fields & { metadata: Fields }>();
  const servers = [
    'uid',
    'creationTimestamp',
    'resourceVersion',
    'generation',
    'managedFields',
    'deletionTimestamp',
  ];
  const fields = Object.entries(metadata).filter(([field]) => !servers.includes(field));
  return { ...rest, metadata: Object.fromEntries(fields) };
}

/** Fields that are taken as they come, by the provider's default. */
const computed: ReadonlySet<string> = new Set(['.metadata.annotations', '.metadata.labels']);

function isChanged(manifest: Manifest, before: Manifest | undefined): boolean {
  const ofUsers = (one: Manifest | undefined) => [one?.metadata.annotations, one?.metadata.labels];
  return !isDeepStrictEqual(ofUsers(manifest), ofUsers(before));
}

/** The manifest, and what the state has beside it: not what the manifest before had and this one leaves out. */
function merged(manifest: Value, before: Value, state: Value, path = ''): Value {
  if (manifest === undefined) return before === undefined ? state : undefined;
  if (!isFields(manifest)) return manifest;
  if (computed.has(path) && isDeepStrictEqual(manifest, before)) return state;
  const fields = new Set([...Object.keys(manifest), ...(isFields(state) ? Object.keys(state) : [])]);
  const of = (value: Value, field: string) => (isFields(value) ? value[field] : undefined);
  return Object.fromEntries(
    [...fields]
      .map((field) => [
        field,
        merged(manifest[field], of(before, field), of(state, field), `${path}.${field}`),
      ])
      .filter(([, value]) => value !== undefined),
  );
}

function isFields(value: Value): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function assertHas(found: Value, planned: Value, free: ReadonlySet<string>, path = ''): void {
  if (free.has(path)) return;
  if (!isFields(planned)) {
    assert.deepEqual(found, planned, `inconsistent result after apply: ${path}`);
    return;
  }
  for (const [field, value] of Object.entries(planned))
    assertHas(isFields(found) ? found[field] : undefined, value, free, `${path}.${field}`);
}
