import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterSpec, ClusterStatus } from '../../../contracts/resources/cluster.ts';
import { clusterNotice, versionSkew, writingUrgency } from '../../../domain/status/cluster-health.ts';
import { type ClusterFacts, clusterOutlook, type KnownAgent } from '../../../domain/status/cluster-status.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));
const text = (seconds: number) => `${at(seconds).toISOString().slice(0, 19)}Z`;
/** Everything happens after 10 minutes without an interruption. */
const now = 600;

function agent(known: Partial<KnownAgent>): KnownAgent {
  return { isThere: false, joinedAt: at(0), lastSeen: undefined, ...known };
}
const present: ClusterFacts = { missingCredentials: [], agent: undefined, watchedSince: at(0) };
const missing: ClusterFacts = { ...present, missingCredentials: ['cluster-a-gateway', 'cluster-a-worker'] };
const peer: ClusterSpec = { networkPeer: true };
const local: ClusterSpec = { local: true };
const config: ClusterSpec = { config: { secretName: 's' } };
const tunnelled: ClusterFacts = { ...present, agent: agent({ isThere: true, lastSeen: at(599) }) };
const up: ClusterStatus = {
  phase: 'Initialized',
  reason: '',
  message: '',
  online: true,
  lastSeen: text(500),
};

function look(spec: ClusterSpec, status: ClusterStatus | undefined, facts: ClusterFacts, seconds = now) {
  return clusterOutlook({ metadata: { name: 'a' }, spec, ...(status && { status }) }, facts, at(seconds));
}

/** Phase/reason, online, and the message if it is tried. */
type Expected = readonly [state: string, online: boolean | undefined, message?: RegExp];

describe('the status of a connected cluster', () => {
  const cases: [title: string, ...Parameters<typeof look>, expected: Expected | undefined][] = [
    [
      'an agent that never joined is waited for, with the command that installs it',
      ...([peer, undefined, present, now] as const),
      ['/InitializeCluster', false, /run "vcp add cluster a"/],
    ],
    [
      'an agent that has just joined is waited for',
      ...([peer, undefined, { ...present, agent: agent({}) }, 60] as const),
      ['/InitializeCluster', false, /joined and is not connected yet/],
    ],
    [
      'an agent that joined and did not come within 2 minutes has failed',
      ...([peer, undefined, { ...present, agent: agent({}) }, 121] as const),
      ['Failed/NoOnlinePeers', false, /joined at 2026-01-01T12:00:00Z/],
    ],
    [
      'with a tunnel and without credentials it is being initialised',
      ...([
        peer,
        undefined,
        { ...missing, agent: agent({ isThere: true, lastSeen: at(599) }) },
        now,
      ] as const),
      ['/InitializeCluster', true, /Waiting for its credentials: Secret cluster-a-gateway and/],
    ],
    [
      'and says what its agent is asked for in vain',
      ...([
        peer,
        undefined,
        {
          ...missing,
          agent: agent({ isThere: true, lastSeen: at(599) }),
          credentialObstacle: { reason: 'cluster_unreachable', message: 'why' },
        },
        now,
      ] as const),
      ['/InitializeCluster', true, /^why$/],
    ],
    [
      'with a tunnel and credentials it is initialised and online',
      ...([
        peer,
        undefined,
        { ...present, agent: agent({ isThere: true, lastSeen: at(599) }) },
        now,
      ] as const),
      ['Initialized/', true, /^$/],
    ],
    [
      'with a tunnel it is not initialised before its API server has answered the platform',
      ...([peer, undefined, { ...tunnelled, contact: 'untried' }, now] as const),
      ['/InitializeCluster', true, /first answer of its API server/],
    ],
    [
      'with a tunnel and an API server that never answered the platform it has failed at once',
      ...([
        peer,
        { phase: '' },
        { ...tunnelled, contact: { isThere: false, lastSeen: undefined, fault: 'why' } },
        now,
      ] as const),
      ['Failed/HealthCheckCluster', false, /^The agent is connected, .* through it: why$/],
    ],
    [
      'and with one that does not answer any more after a while',
      ...([
        peer,
        up,
        { ...tunnelled, contact: { isThere: false, lastSeen: at(580), fault: 'why' } },
        now,
      ] as const),
      ['Failed/HealthCheckCluster', false, /why$/],
    ],
    [
      'which is a moment before',
      ...([
        peer,
        up,
        { ...tunnelled, contact: { isThere: false, lastSeen: at(583), fault: 'why' } },
        now,
      ] as const),
      ['Initialized/', true],
    ],
    [
      'nothing is said of a tunnel that is there again before the API server has answered through it',
      ...([
        peer,
        { ...up, phase: 'Failed', online: false },
        { ...tunnelled, contact: 'untried' },
        now,
      ] as const),
      undefined,
    ],
    [
      'with a tunnel and an API server that answers it is online',
      ...([
        peer,
        { ...up, phase: 'Failed', online: false },
        { ...tunnelled, contact: { isThere: true, lastSeen: at(599) } },
        now,
      ] as const),
      ['Initialized/', true, /^$/],
    ],
    [
      'one that fell silent a moment ago stays what it was',
      ...([peer, up, { ...present, agent: agent({ lastSeen: at(590) }) }, now] as const),
      ['Initialized/', true, /^$/],
    ],
    [
      'one that is silent for longer is offline since then',
      ...([peer, up, { ...present, agent: agent({ lastSeen: at(580) }) }, now] as const),
      ['Failed/Offline', false, /^The agent has been offline since 2026-01-01T12:09:40Z$/],
    ],
    [
      'nobody is offline because the platform itself was away',
      ...([
        peer,
        up,
        { ...present, agent: agent({ lastSeen: at(100) }), watchedSince: at(590) },
        now,
      ] as const),
      ['Initialized/', true, /^$/],
    ],
    [
      'what was offline before the platform was away still is',
      ...([
        peer,
        { ...up, phase: 'Failed', reason: 'Offline', message: 'm', online: false },
        { ...present, agent: agent({ lastSeen: at(100) }), watchedSince: at(590) },
        now,
      ] as const),
      ['Failed/Offline', false, /^m$/],
    ],
    [
      'nothing is said of agents whose records cannot be read',
      ...([peer, up, { ...present, agent: 'unknown' }, now] as const),
      undefined,
    ],
    [
      'a cluster that may not be connected is not, though its agent is there',
      ...([
        peer,
        up,
        {
          ...present,
          agent: agent({ isThere: true, lastSeen: at(599) }),
          obstacle: { reason: 'ClusterUID', message: 'twice' },
        },
        now,
      ] as const),
      ['Failed/ClusterUID', false, /^twice$/],
    ],
    [
      'the embedded cluster is initialised by its credentials before it has an agent',
      ...([local, undefined, present, now] as const),
      ['Initialized/', undefined, /^$/],
    ],
    [
      'and while the records of agents cannot be read for the first time',
      ...([local, undefined, { ...present, agent: 'unknown' }, now] as const),
      ['Initialized/', undefined],
    ],
    [
      'and goes by its agent afterwards',
      ...([local, up, { ...present, agent: agent({ lastSeen: at(10) }) }, now] as const),
      ['Failed/Offline', false],
    ],
    [
      'a dialled cluster without credentials says what is in the way',
      ...([
        config,
        undefined,
        { ...missing, credentialObstacle: { reason: 'NotFound', message: 'where' } },
        now,
      ] as const),
      ['Failed/NotFound', undefined, /^where$/],
    ],
    [
      'a dialled cluster that was not tried yet is initialised',
      ...([config, undefined, present, now] as const),
      ['Initialized/', undefined],
    ],
    [
      'a dialled cluster that answers is online',
      ...([config, undefined, { ...present, contact: { isThere: true, lastSeen: at(595) } }, now] as const),
      ['Initialized/', true],
    ],
    [
      'a dialled cluster that does not answer is offline, with the reason',
      ...([
        config,
        up,
        {
          ...present,
          agent: 'unknown',
          contact: { isThere: false, lastSeen: at(570), fault: 'no answer in time' },
        },
        now,
      ] as const),
      [
        'Failed/Offline',
        false,
        /^The cluster has been offline since 2026-01-01T12:09:30Z: no answer in time$/,
      ],
    ],
    [
      'one that has not answered since the controllers started was last seen as its status says',
      ...([config, up, { ...present, contact: { isThere: false, lastSeen: undefined } }, now] as const),
      ['Failed/Offline', false, /since 2026-01-01T12:08:20Z/],
    ],
  ];
  for (const [title, spec, status, facts, seconds, expected] of cases)
    it(title, () => {
      const state = look(spec, status, facts, seconds)?.state;
      if (expected === undefined || state === undefined) {
        assert.equal(state, expected);
        return;
      }
      const [said, online, message = /(?:)/] = expected;
      assert.deepEqual([`${state.phase}/${state.reason}`, state.online], [said, online]);
      assert.match(state.message, message);
    });

  it('is looked at again when time alone changes it', () => {
    const silent = look(peer, up, { ...present, agent: agent({ lastSeen: at(590) }) });
    assert.deepEqual(silent?.lookAgainAt, at(608));
    assert.deepEqual(look(peer, up, { ...present, agent: agent({}) }, 60)?.lookAgainAt, at(120));
    assert.equal(look(peer, up, { ...present, agent: agent({ lastSeen: at(1) }) })?.lookAgainAt, undefined);
  });
});

it('what people act upon is written at once, what is measured later, what hardly differs not at all', () => {
  const after = {
    ...({ phase: 'Initialized', reason: '', message: '', online: true, lastSeen: text(590) } as const),
    ...{ agentVersion: '1', nodes: { ready: 2, total: 3 }, tenants: 4, apiLatencyMs: 20 },
  };
  const urgencies = (
    [
      after,
      { ...after, phase: 'Failed' },
      { ...after, online: false },
      { ...after, nodes: { ready: 3, total: 3 } },
      { ...after, agentVersion: '2' },
      { ...after, tenants: 5 },
      { ...after, apiLatencyMs: 25 },
      { ...after, apiLatencyMs: 60 },
      { ...after, lastSeen: text(400) },
      { ...after, lastSeen: text(200) },
      { ...after, kubernetesVersion: 'v1' }, // not measured now
    ] as const
  ).map((before) => writingUrgency(before, after));
  assert.deepEqual(urgencies, [
    ...[undefined, 'now', 'now', 'now', 'now'],
    ...['later', undefined, 'later', undefined, 'later', undefined],
  ]);
});

it('people are told when a cluster goes, when it comes back, and not when it is first connected', () => {
  const online = { phase: 'Initialized', reason: '', message: '', online: true } as const;
  const gone = {
    phase: 'Failed',
    reason: 'Offline',
    message: 'm',
    online: false,
    lastSeen: text(0),
  } as const;
  assert.deepEqual(clusterNotice(online, gone), { type: 'Warning', reason: 'Offline', message: 'm' });
  assert.equal(clusterNotice(gone, gone), undefined);
  assert.equal(
    clusterNotice(gone, online)?.message,
    `It is online again, after it was last seen at ${text(0)}`,
  );
  assert.equal(clusterNotice({ online: false }, online), undefined);
  assert.equal(clusterNotice(online, online), undefined);
});

it('versions of agent and platform that differ are a warning with both', () => {
  assert.match(versionSkew('1.0.0', '1.1.0')?.message ?? '', /agent has version 1\.0\.0, .* version 1\.1\.0/);
  assert.equal(versionSkew('1.1.0', '1.1.0'), undefined);
  assert.equal(versionSkew(undefined, '1.1.0'), undefined);
});
