import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import type { Condition } from '../../contracts/resources/condition.ts';
import { resourceKinds } from '../../contracts/resources/resource-kinds.ts';
import { eventually } from '../support/eventually.ts';
import { type Recording, startRecording } from '../support/gitops/recording.ts';
import { type ArgoReport, type GitopsTools, openGitopsTools, type Verdict } from '../support/gitops/tools.ts';
import { blocksOf, type Manifest, manifestsOf } from '../support/guides.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';
import { newMember } from '../support/members.ts';
import type { TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { terraformCases } from './terraform-cases.ts';

interface Instance {
  metadata: { uid: string; generation: number };
  spec: { displayName?: string };
  status?: {
    phase?: string;
    conditions?: Condition[];
    lastOperation?: { id: string; type: string; state: string };
  };
}

const nameOf = ({ kind, metadata: { namespace, name } }: Manifest) =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');
const isInProject = ({ metadata }: Manifest) => metadata.namespace !== undefined;
const all = (names: readonly string[], word: string) => Object.fromEntries(names.map((name) => [name, word]));

/** The health check that docs/guides/gitops.md gives. */
function healthCheck(): string {
  const configMap = blocksOf('gitops', 'yaml').find((block) => block.includes('resource.customizations'));
  const { data } = parse(configMap ?? '') as { data: Record<string, string> };
  const customizations = parse(data['resource.customizations'] ?? '') as Record<
    string,
    Record<string, string>
  >;
  return customizations['*.loft.sh/*']?.['health.lua'] ?? '';
}

/** Of a zone where it is about noon: no schedule of the guide is due meanwhile. */
function zoneOfNoon(): string {
  const offset = 12 - new Date().getUTCHours();
  return offset === 0 ? 'UTC' : `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`;
}

const zone = 'sleepmode.loft.sh/timezone';
const guided = manifestsOf('gitops').map((one) =>
  one.metadata.annotations?.[zone] === undefined
    ? one
    : {
        ...one,
        metadata: { ...one.metadata, annotations: { ...one.metadata.annotations, [zone]: zoneOfNoon() } },
      },
);

/** The manifests of docs/guides/gitops.md, as Argo CD and Flux handle them by their own libraries. */
function argoCdAndFlux(): void {
  const manifests = guided;
  const names = manifests.map(nameOf);
  const instances = manifests.filter(isInProject);
  let platform: TestPlatform;
  let tools: GitopsTools;
  let recording: Recording;
  let startedAt: number;

  before(async () => {
    platform = await sharedPlatform();
    tools = await openGitopsTools(platform, healthCheck());
    recording = await startRecording(platform, Object.keys(resourceKinds));
    // Times of objects are whole seconds.
    startedAt = Date.now() + 1000;
  });
  after(async () => {
    await recording?.stop();
    tools?.close();
  });

  const read = async (): Promise<Instance> => {
    const got = await platform.kubectl('get', 'vci', 'pr-1', '-n', 'p-web', '-o', 'json');
    assert.equal(got.code, 0, got.stderr);
    return JSON.parse(got.stdout) as Instance;
  };
  const isReady = ({ status }: Instance) =>
    status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
  /** The manifests with something else in the tenant cluster's. */
  const changed = (change: (instance: Manifest) => Partial<Manifest>) =>
    manifests.map((one) => (one.kind === 'VirtualClusterInstance' ? { ...one, ...change(one) } : one));
  const succeeded = (report: ArgoReport): void => {
    assert.equal(report.phase, 'Succeeded', JSON.stringify(report, undefined, 1));
    assert.deepEqual(report.outOfSync, {}, 'what is there is what Git has');
  };

  test('Argo CD applies wave after wave, and waits for each', async () => {
    const report = await tools.argo(manifests, '--how', 'server-side');
    succeeded(report);
    assert.deepEqual(report.waves, [0, 1, 2, 3]);
    assert.deepEqual(Object.keys(report.health).toSorted(), names.toSorted());
    await eventually('the tenant cluster is ready', async () => isReady(await read()), {
      timeoutMs: 300_000,
    });
  });

  test('a sync without a change in Git changes nothing, whichever way it writes', async () => {
    const before = await read();
    for (const how of ['server-side', 'replace', 'client-side']) {
      const report = await tools.argo(manifests, '--how', how);
      succeeded(report);
      assert.deepEqual(report.health, all(names, 'Healthy'), how);
    }
    const { metadata, status } = await read();
    assert.deepEqual(
      [metadata.uid, metadata.generation, status?.lastOperation?.id],
      [before.metadata.uid, before.metadata.generation, before.status?.lastOperation?.id],
    );
  });

  test('manifests for storage.loft.sh are the same objects, and nothing is pruned', async () => {
    const before = await read();
    const stored = manifests.map((one) => ({ ...one, apiVersion: 'storage.loft.sh/v1' }));
    const report = await tools.argo(stored, '--how', 'server-side');
    succeeded(report);
    assert.deepEqual(report.health, all(names, 'Healthy'));
    assert.deepEqual(
      report.results.map(({ status }) => status),
      names.map(() => 'Synced'),
    );
    assert.equal((await read()).metadata.generation, before.metadata.generation);
  });

  test('Flux takes them over, waits, and finds no drift', async () => {
    const report = await tools.flux(manifests);
    assert.equal(report.failure, '');
    assert.deepEqual(report.applied, all(names, 'configured'), 'its labels are new');
    assert.deepEqual(report.drift, all(names, 'unchanged'));
  });

  test('Flux waits for the operation that a change starts', async () => {
    const report = await tools.flux(
      changed(({ spec }) => ({ spec: { ...spec, parameters: 'requests: 150\n' } })),
    );
    assert.equal(report.failure, '');
    assert.deepEqual(report.drift, all(names, 'unchanged'));
    const updated = await read();
    assert.deepEqual([updated.status?.phase, isReady(updated)], ['Ready', true]);
    assert.deepEqual(
      [updated.status?.lastOperation?.type, updated.status?.lastOperation?.state],
      ['update', 'succeeded'],
    );
  });

  test('what people changed by hand is drift, and what sleeps is ready', async () => {
    const patch = JSON.stringify({ spec: { displayName: 'By hand' } });
    const patched = await platform.kubectl(
      'patch',
      'vci',
      'pr-1',
      '-n',
      'p-web',
      '--type=merge',
      '-p',
      patch,
    );
    assert.equal(patched.code, 0, patched.stderr);
    const asleep = changed(({ metadata, spec }) => ({
      metadata: { ...metadata, annotations: { ...metadata.annotations, 'sleepmode.loft.sh/force': 'true' } },
      spec: { ...spec, displayName: 'From Git', parameters: 'requests: 150\n' },
    }));
    const report = await tools.flux(asleep);
    assert.deepEqual(report.applied, {
      ...all(names, 'unchanged'),
      'VirtualClusterInstance/p-web/pr-1': 'configured',
    });
    assert.equal((await read()).spec.displayName, 'From Git');
    await eventually('it sleeps', async () => (await read()).status?.phase === 'Sleeping');
    assert.equal((await tools.flux(asleep)).failure, '');
    assert.equal((await tools.argo(asleep)).health['VirtualClusterInstance/p-web/pr-1'], 'Healthy');
  });

  test('what cannot be is told with its reason, by both', async () => {
    const impossible = {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: 'never', namespace: 'p-web' },
      spec: { owner: { team: 'web-developers' }, templateRef: { name: 'web-preview', version: '9.x.x' } },
    };
    const { failure } = await tools.flux([impossible]);
    assert.match(failure, /VirtualClusterInstance\/p-web\/never.*Failed/i);
    assert.equal((await tools.flux([impossible], '--delete')).failure, '');
  });

  test('what is gone from Git is gone when Flux says so', async () => {
    const [ofInstances, ofAll] = [
      await tools.flux(instances, '--delete'),
      await tools.flux(manifests, '--delete'),
    ];
    assert.deepEqual([ofInstances.failure, ofAll.failure], ['', '']);
    const left = await leftovers(platform, 'web', 'pr-1');
    assert.deepEqual({ ...left, processes: [] }, nothingLeft); // Terraform's run at the same time
    const others = await platform.kubectl('get', 'projects,teams,virtualclustertemplates', '-o', 'name');
    assert.doesNotMatch(others.stdout, /web/);
  });

  test('in every state that an object goes through, both judge it right', async () => {
    const member = await newMember(platform, 'gitops');
    member.forget();
    await eventually('the key is looked at', async () => {
      const { stdout } = await platform.kubectl('get', 'accesskeys', 'key-gitops', '-o', 'json');
      return /"type": "Ready"/.test(stdout);
    });
    const seen = await recording.stop();
    const versions = [...seen.values()].flat();
    const verdicts = await tools.judge(versions);
    const judged = versions.map((object, index) => ({ object, ...(verdicts[index] as Verdict) }));
    for (const one of judged)
      assert.deepEqual([one.argo, one.argoAlone], expectedOf(one), JSON.stringify(one));
    for (const { object, flux } of judged) {
      const { phase = 'Ready', observedGeneration } = object.status ?? {};
      if (flux !== 'Current') continue;
      assert.equal(observedGeneration, object.metadata.generation, JSON.stringify(object));
      assert.match(phase, /^(Ready|Sleeping|Initialized)$/, JSON.stringify(object));
    }
    for (const states of Map.groupBy(judged, ({ object }) => object.metadata.uid).values()) {
      const [first] = states;
      const isNew = Date.parse(first?.object.metadata.creationTimestamp ?? '') > startedAt;
      const course = states.map(({ flux }) => flux).join(' ');
      assert.match(course, isNew ? /^InProgress/ : /^/, JSON.stringify(first));
      assert.doesNotMatch(course, /Terminating (?!Terminating)/);
    }
    const kinds = new Set(judged.map(({ object }) => object.kind));
    assert.deepEqual(kinds, new Set(Object.values(resourceKinds).map(({ kind }) => kind)));
    const words = new Set(judged.map(({ flux }) => flux));
    assert.deepEqual(words, new Set(['InProgress', 'Current', 'Failed', 'Terminating']));
  });
}

/** Of Argo CD, with the health check and without, by what Flux says. */
function expectedOf({ flux }: Verdict): [string, string] {
  if (flux === 'Terminating') return ['Progressing', 'Progressing'];
  const words: Record<string, string> = { Current: 'Healthy', InProgress: 'Progressing', Failed: 'Degraded' };
  return [words[flux] ?? '', ''];
}

describe('GitOps and Terraform', { concurrency: true, timeout: 1_200_000 }, () => {
  describe('Argo CD and Flux', { concurrency: false }, argoCdAndFlux);
  describe('Terraform', { concurrency: false }, terraformCases);
});
