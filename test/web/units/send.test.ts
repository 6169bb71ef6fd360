import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PlatformAway, RequestFailure } from '../../../web/server/problem.ts';
import { send } from '../../../web/server/send.ts';
import { onSessionEnd, readSession, signOut } from '../../../web/server/session.ts';

/** One module keeps the session of a tab: the user stays the same from test to test. */
describe('requests of the console', () => {
  const original = globalThis.fetch;
  let session = { user: 'anna', csrfToken: 'one' };
  let asked: string[] = [];
  let answer: (path: string, init: RequestInit | undefined) => Response;
  let ended = 0;
  let forget = () => undefined as unknown;

  const checksToken = (path: string, init: RequestInit | undefined) =>
    new Headers(init?.headers).get('x-csrf-token') === session.csrfToken
      ? Response.json({ path })
      : Response.json(
          { code: 'forbidden', detail: 'the request has no valid x-csrf-token; it was refused' },
          { status: 403 },
        );

  beforeEach(async () => {
    session = { user: 'anna', csrfToken: 'one' };
    asked = [];
    answer = checksToken;
    ended = 0;
    forget = onSessionEnd(() => (ended += 1));
    globalThis.fetch = async (path, init) => {
      asked.push(String(path));
      return path === '/auth/session' ? Response.json(session) : answer(String(path), init);
    };
    await readSession();
    asked = [];
  });
  afterEach(() => {
    forget();
    globalThis.fetch = original;
  });

  test('a change after a new login in another tab is sent again with the new token', async () => {
    session = { user: 'anna', csrfToken: 'two' };
    assert.deepEqual(await send({ method: 'POST', path: '/x', body: {} }), { path: '/x' });
    assert.deepEqual(asked, ['/x', '/auth/session', '/x']);
  });

  test('it is not sent again in the name of somebody else, and the page is over', async () => {
    session = { user: 'ben', csrfToken: 'two' };
    await assert.rejects(send({ method: 'POST', path: '/x', body: {} }), /x-csrf-token/);
    assert.deepEqual(asked, ['/x', '/auth/session']);
    assert.equal(ended, 1);
  });

  test('a refusal for another reason is not tried again', async () => {
    answer = () => Response.json({ code: 'forbidden', detail: 'you may not' }, { status: 403 });
    await assert.rejects(
      send({ method: 'DELETE', path: '/x' }),
      (error) => error instanceof RequestFailure && error.status === 403 && error.message === 'you may not',
    );
    assert.deepEqual(asked, ['/x']);
  });

  test('signing out ends the present session, whichever token the page had', async () => {
    session = { user: 'anna', csrfToken: 'three' };
    await signOut();
    assert.deepEqual(asked, ['/auth/logout', '/auth/session', '/auth/logout']);
  });

  test('answers are told in their own words, whatever their form', async () => {
    answer = () =>
      Response.json(
        {
          kind: 'Status',
          reason: 'Invalid',
          message: 'spec.x is wrong',
          details: { causes: [{ field: 'spec.x', message: 'wrong' }] },
        },
        { status: 422, headers: { 'x-request-id': 'id-1' } },
      );
    await assert.rejects(send({ path: '/x' }), {
      status: 422,
      code: 'Invalid',
      message: 'spec.x is wrong',
      requestId: 'id-1',
      fields: [{ path: 'spec.x', message: 'wrong' }],
    });
    answer = () => new Response('<html>bad gateway</html>', { status: 502 });
    await assert.rejects(send({ path: '/x' }), { status: 502, message: '<html>bad gateway</html>' });
  });

  test('a network that fails is told apart from a refusal', async () => {
    answer = () => {
      throw new TypeError('fetch failed');
    };
    await assert.rejects(send({ path: '/x' }), PlatformAway);
  });
});
