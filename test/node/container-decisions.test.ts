import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerView, decide, nextRestart, type PodView } from '../../node/container-decisions.ts';
import { createPodAddresses } from '../../node/pod-addresses.ts';

const view = (
  name: string,
  kind: ContainerView['kind'],
  more: Partial<ContainerView> = {},
): ContainerView => ({
  name,
  kind,
  state: 'none',
  exitCode: 0,
  started: false,
  current: more.state !== undefined,
  ...more,
});
const running = { state: 'running', started: true } as const;
const exited = (exitCode: number) => ({ state: 'exited', exitCode }) as const;
const pod = (containers: ContainerView[], more: Partial<PodView> = {}): PodView => ({
  restartPolicy: 'Always',
  containers,
  ending: false,
  ...more,
});

test('init containers run one after the other, then all main ones', () => {
  const main = [view('m1', 'main'), view('m2', 'main')];
  assert.deepEqual(decide(pod([view('i1', 'init'), view('i2', 'init'), ...main])).start, ['i1']);
  assert.deepEqual(decide(pod([view('i1', 'init', running), view('i2', 'init'), ...main])).start, []);
  assert.deepEqual(decide(pod([view('i1', 'init', exited(0)), view('i2', 'init'), ...main])).start, ['i2']);
  const done = decide(pod([view('i1', 'init', exited(0)), view('i2', 'init', exited(0)), ...main]));
  assert.deepEqual(done, { start: ['m1', 'm2'], stop: [], initialized: true });
});

test('a failed init container starts again, unless the pod is never restarted', () => {
  const containers = [view('i', 'init', exited(1)), view('m', 'main')];
  assert.deepEqual(decide(pod(containers)).start, ['i']);
  assert.deepEqual(decide(pod(containers, { restartPolicy: 'OnFailure' })).start, ['i']);
  assert.equal(decide(pod(containers, { restartPolicy: 'Never' })).outcome, 'Failed');
});

test('a sidecar gates what follows until it has started, and is restarted whatever the policy', () => {
  const rest = [view('i', 'init'), view('m', 'main')];
  assert.deepEqual(decide(pod([view('s', 'sidecar'), ...rest])).start, ['s']);
  assert.deepEqual(decide(pod([view('s', 'sidecar', { ...running, started: false }), ...rest])).start, []);
  assert.deepEqual(decide(pod([view('s', 'sidecar', running), ...rest])).start, ['i']);
  const broken = [view('s', 'sidecar', exited(1)), view('i', 'init', exited(0)), view('m', 'main', running)];
  assert.deepEqual(decide(pod(broken, { restartPolicy: 'Never' })).start, ['s']);
});

test('when the main containers have ended, sidecars stop in reverse order', () => {
  const sidecars = [view('s1', 'sidecar', running), view('s2', 'sidecar', running)];
  const main = view('m', 'main', exited(0));
  assert.deepEqual(decide(pod([...sidecars, main], { restartPolicy: 'Never' })).stop, ['s2']);
  const second = decide(
    pod([view('s1', 'sidecar', running), view('s2', 'sidecar', exited(143)), main], {
      restartPolicy: 'Never',
    }),
  );
  assert.deepEqual(second.stop, ['s1']);
  const ended = [view('s1', 'sidecar', exited(143)), view('s2', 'sidecar', exited(143)), main];
  assert.equal(decide(pod(ended, { restartPolicy: 'Never' })).outcome, 'Succeeded');
});

test('a pod that must end stops main containers first and starts nothing', () => {
  const containers = [
    view('s', 'sidecar', running),
    view('m1', 'main', running),
    view('m2', 'main', exited(0)),
  ];
  assert.deepEqual(decide(pod(containers, { ending: true })), { start: [], stop: ['m1'], initialized: true });
});

test('restart policies decide whether a container starts again', () => {
  const failed = [view('a', 'main', exited(2)), view('b', 'main', exited(0))];
  assert.deepEqual(decide(pod(failed)).start, ['a', 'b']);
  assert.deepEqual(decide(pod(failed, { restartPolicy: 'OnFailure' })).start, ['a']);
  assert.equal(decide(pod(failed, { restartPolicy: 'Never' })).outcome, 'Failed');
});

test('in a new sandbox init containers run again before the main ones', () => {
  const outdated = { current: false };
  const containers = [
    view('i', 'init', { ...exited(0), ...outdated }),
    view('m', 'main', { ...exited(137), ...outdated }),
  ];
  assert.deepEqual(decide(pod(containers)).start, ['i']);
  assert.equal(decide(pod(containers, { restartPolicy: 'Never' })).outcome, 'Failed');
});

test('restarts back off from 10 s to 5 min, and reset after a run of 10 min', () => {
  const delays: number[] = [];
  let quickRestarts = 0;
  for (let run = 0; run < 8; run += 1) {
    const next = nextRestart({ startedAt: 0, finishedAt: 1_000, quickRestarts });
    delays.push((next.at - 1_000) / 1_000);
    quickRestarts = next.quickRestarts;
  }
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
  assert.equal(nextRestart({ startedAt: 0, finishedAt: 600_000, quickRestarts: 5 }).at, 600_000);
});

test('pod addresses are unique, steady and inside the range', () => {
  const addresses = createPodAddresses('127.70.0.0/24');
  const first = addresses.allocate('a');
  addresses.free(first);
  assert.equal(addresses.allocate('a'), first);
  const all = new Set([first, ...Array.from({ length: 253 }, (_, index) => addresses.allocate(`u${index}`))]);
  assert.equal(all.size, 254);
  assert.ok([...all].every((address) => /^127\.70\.0\.\d+$/.test(address)));
  assert.throws(() => addresses.allocate('one more'), /all addresses/);
  assert.throws(() => createPodAddresses('10.0.0.0/16'), /127\.64\.0\.0/);
});
