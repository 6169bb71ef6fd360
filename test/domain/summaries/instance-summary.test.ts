import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { Compile } from 'typebox/compile';
import { instanceSummary } from '../../../contracts/instance-summaries.ts';
import { annotations } from '../../../contracts/names.ts';
import type { SpaceInstance } from '../../../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { withComputedFields } from '../../../domain/computed-fields.ts';
import { listedFields, summaryOfInstance } from '../../../domain/summaries/instance-summary.ts';

const now = new Date('2026-11-30T12:00:00Z');
const secondsAgo = (seconds: number) => String(now.getTime() / 1000 - seconds);
const template = { spec: { versions: ['1.0.0', '1.1.0', '2.0.0-rc.1'].map((version) => ({ version })) } };

const stored: VirtualClusterInstance = {
  metadata: {
    name: 'demo',
    namespace: 'p-alpha',
    uid: 'uid-1',
    creationTimestamp: '2026-11-23T12:00:00Z',
    annotations: {
      [annotations.lastActivity]: secondsAgo(300),
      [annotations.lastActivityInfo]: JSON.stringify({
        subject: 'anna',
        verb: 'get',
        resource: 'pods',
        userAgent: 'kubectl/v1.34.0 (linux/amd64)',
      }),
    },
  },
  spec: {
    displayName: 'Demo',
    owner: { user: 'anna' },
    templateRef: { name: 'default', version: '1.0.0' },
  },
  status: {
    phase: 'Ready',
    observedHash: 'x',
    clusterRef: { cluster: 'local', namespace: 'loft-alpha-v-demo' },
    kubernetesVersion: 'v1.34.0',
    template: { name: 'default', version: '1.0.0', hash: 'h' },
    conditions: [{ type: 'VirtualClusterReady', status: 'True', lastTransitionTime: '2026-11-23T12:00:00Z' }],
    lastOperation: { id: 'op-1', type: 'create', state: 'succeeded' },
  },
};

function shown(instance: VirtualClusterInstance): VirtualClusterInstance {
  const rights = { canUse: true, canUpdate: false };
  return withComputedFields('virtualclusterinstances', instance, { rights, recorded: undefined, now });
}

/** The stored instance with another reference or deployed version. */
function versions(reference: string | undefined, deployed: string, name = 'default') {
  const templateRef = reference === undefined ? { name } : { name, version: reference };
  const instance: VirtualClusterInstance = {
    ...stored,
    spec: { templateRef },
    status: { template: { name: 'default', version: deployed, hash: 'h' } },
  };
  const { templateVersion, latestTemplateVersion } = summaryOfInstance('tenant', instance, template);
  return [templateVersion, latestTemplateVersion];
}

describe('the summary of an instance', () => {
  it('says what a table shows of it, from its resource as a reader is shown it', () => {
    const summary = summaryOfInstance('tenant', shown(stored), template);
    assert.deepEqual(summary, {
      name: 'demo',
      project: 'alpha',
      phase: 'Ready',
      displayName: 'Demo',
      cluster: 'local',
      createdAt: '2026-11-23T12:00:00Z',
      template: 'default',
      kubernetesVersion: 'v1.34.0',
      uid: 'uid-1',
      ownerUser: 'anna',
      templateVersion: '1.0.0',
      latestTemplateVersion: '1.1.0',
      why: 'Awake: anna used it 5 min ago (get pods, kubectl). Nothing puts it to sleep.',
      lastActivityAt: '2026-11-30T11:55:00.000Z',
      lastActivity: 'anna (get pods, kubectl)',
      sleptPercent: 0,
      lastOperation: 'op-1',
      lastOperationType: 'create',
      lastOperationState: 'succeeded',
      canUse: true,
      canUpdate: false,
    });
    assert.ok(Compile(instanceSummary('tenant')).Check(summary));
  });

  it('leaves out what is not known, and begins with what lists are filtered and sorted by', () => {
    const bare: SpaceInstance = {
      metadata: {
        name: 'work',
        namespace: 'p-alpha',
        annotations: { [annotations.lastActivity]: 'soon', [annotations.lastActivityInfo]: '{' },
      },
      status: { clusterRef: { cluster: 'local', namespace: 'alpha-work' } },
    };
    const listed = listedFields('space', bare);
    assert.deepEqual(listed, {
      name: 'work',
      project: 'alpha',
      phase: 'Pending',
      cluster: 'local',
      namespace: 'alpha-work',
    });
    assert.deepEqual(summaryOfInstance('space', bare, undefined), listed);
    assert.ok(Compile(instanceSummary('space')).Check(listed));
    const deleted = { ...bare, metadata: { ...bare.metadata, deletionTimestamp: '2026-11-30T11:00:00Z' } };
    assert.equal(listedFields('space', deleted).phase, 'Terminating');
  });

  it('names a version that could be deployed, as condition TemplateSynced does', () => {
    assert.deepEqual(versions('1.0.0', '1.0.0'), ['1.0.0', '1.1.0'], 'a newer one than the pinned one');
    assert.deepEqual(versions('1.1.0', '1.1.0'), ['1.1.0', undefined], 'the newest release');
    assert.deepEqual(versions('1.1.0', '1.0.0'), ['1.0.0', '1.1.0'], 'what the reference selects');
    assert.deepEqual(versions(undefined, '1.0.0'), ['1.0.0', '1.1.0'], 'the newest, without a version');
    assert.deepEqual(versions('1.0.X', '1.0.0'), ['1.0.0', undefined], 'a pattern follows by itself');
    assert.deepEqual(versions('3.X.X', '1.0.0'), ['1.0.0', undefined], 'nothing is selected');
    assert.deepEqual(versions('1.0.0', '1.0.0', 'other'), [undefined, undefined], 'another is deployed');
    assert.deepEqual(summaryOfInstance('tenant', stored, undefined).latestTemplateVersion, undefined);
  });

  it('is made without Node and without schemas, as browsers make it too', () => {
    const root = join(import.meta.dirname, '../../..');
    const seen = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(join(root, file), 'utf8');
      for (const [, from = ''] of text.matchAll(
        /^(?:import|export)\s+(?!type\s)[^'";]*?\sfrom\s+'([^']+)'/gm,
      ))
        if (from.startsWith('.')) follow(relative(root, join(root, dirname(file), from)));
        else seen.add(from);
    };
    follow('domain/summaries/instance-summary.ts');
    assert.deepEqual([...seen].sort(), [
      'contracts/errors.ts',
      'contracts/names.ts',
      'domain/instance-templates/template-version.ts',
      'domain/placement/known-place.ts',
      'domain/sleep/last-activity.ts',
      'domain/summaries/instance-summary.ts',
    ]);
  });
});
