import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { openEventStream } from '../../../web/server/event-stream.ts';
import { onSessionEnd } from '../../../web/server/session.ts';

/** The browser's EventSource, as far as it is used. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = 0;

  constructor() {
    super();
    FakeSource.all.push(this);
  }
  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
  tell(type: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
  }
  refuse(): void {
    this.readyState = FakeSource.CLOSED;
    this.dispatchEvent(new Event('error'));
  }
}

describe('the event stream of a tab', () => {
  let session: () => Response;
  let missed = 0;
  let away: (number | undefined)[] = [];
  let isHidden = false;
  let look = () => undefined as void;
  let stop = () => undefined as void;
  const original = { EventSource: globalThis.EventSource, fetch: globalThis.fetch };
  const open = () => FakeSource.all.filter(({ readyState }) => readyState !== FakeSource.CLOSED);
  const settled = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    FakeSource.all = [];
    missed = 0;
    away = [];
    isHidden = false;
    session = () => Response.json({ user: 'anna', csrfToken: 't' });
    Object.assign(globalThis, { EventSource: FakeSource, fetch: async () => session() });
    stop = openEventStream(
      {
        resource: () => undefined,
        operation: () => undefined,
        missed: () => (missed += 1),
        connection: (since) => away.push(since),
      },
      {
        isHidden: () => isHidden,
        onChange: (listener) => {
          look = listener;
          return () => undefined;
        },
      },
    );
  });
  afterEach(() => {
    stop();
    mock.timers.reset();
    Object.assign(globalThis, original);
  });

  test('what was missed is read again after a cut, not after a stream that goes on or begins', () => {
    FakeSource.all[0]?.tell('start', { resumed: false });
    assert.equal(missed, 0);
    FakeSource.all[0]?.tell('start', { resumed: true });
    assert.equal(missed, 0);
    FakeSource.all[0]?.tell('start', { resumed: false });
    assert.equal(missed, 1);
  });

  test('a first stream that begins late says that what was read before may be old', () => {
    mock.timers.tick(1_000);
    FakeSource.all[0]?.tell('start', { resumed: false });
    assert.equal(missed, 1);
  });

  test('a refusal is tried again later and later, and says since when it is away', async () => {
    let waited = 0;
    for (let times = 1; times <= 3; times += 1) {
      FakeSource.all.at(-1)?.refuse();
      await settled();
      assert.equal(open().length, 0);
      mock.timers.tick(500 * 2 ** (times - 1) * 0.75 - 1);
      assert.equal(open().length, 0);
      mock.timers.tick(500 * 2 ** (times - 1));
      assert.equal(open().length, 1);
      waited = FakeSource.all.length;
    }
    assert.equal(waited, 4);
    assert.equal(new Set(away).size, 1);
    FakeSource.all.at(-1)?.tell('start', { resumed: false });
    assert.equal(away.at(-1), undefined);
  });

  test('once the session is over it says so, and asks no more', async () => {
    let ended = 0;
    const forget = onSessionEnd(() => (ended += 1));
    session = () => Response.json({ code: 'unauthenticated' }, { status: 401 });
    FakeSource.all[0]?.refuse();
    await settled();
    mock.timers.tick(60_000);
    look();
    assert.equal(ended, 1);
    assert.equal(FakeSource.all.length, 1);
    forget();
  });

  test('a tab that is hidden for a minute gives its stream up, and has a new one when it is seen', async () => {
    FakeSource.all[0]?.tell('start', { resumed: false });
    isHidden = true;
    look();
    mock.timers.tick(30_000);
    isHidden = false;
    look();
    mock.timers.tick(60_000);
    assert.equal(open().length, 1);
    isHidden = true;
    look();
    mock.timers.tick(61_000);
    assert.equal(open().length, 0);
    isHidden = false;
    look();
    assert.equal(open().length, 1);
    FakeSource.all.at(-1)?.tell('start', { resumed: false });
    assert.equal(missed, 1);
  });

  test('there is never a second stream, whatever comes in between', async () => {
    FakeSource.all[0]?.refuse();
    isHidden = true;
    look();
    mock.timers.tick(60_000);
    isHidden = false;
    look();
    await settled();
    mock.timers.tick(60_000);
    assert.equal(open().length, 1);
  });
});
