import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiException } from '@kubernetes/client-node';
import {
  callKubernetes,
  callManagement,
  orUndefined,
  retryOnConflict,
  unlessConflict,
} from '../../../adapters/kubernetes/failures.ts';
import { PlatformError } from '../../../contracts/errors.ts';

const answered = (status: number) =>
  new ApiException(status, 'status', JSON.stringify({ message: `answer ${status}` }), {});

/** A write that fails as often as there are `failures`, and notes its attempts. */
function failing(...failures: unknown[]): {
  write: (attempt: number) => Promise<string>;
  attempts: number[];
} {
  const attempts: number[] = [];
  const write = async (attempt: number) => {
    attempts.push(attempt);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return 'written';
  };
  return { write, attempts };
}

describe('callKubernetes', () => {
  for (const [status, code] of [
    [400, 'invalid_request'],
    [401, 'forbidden'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [409, 'conflict'],
    [422, 'invalid_request'],
    [429, 'cluster_unreachable'],
    [500, 'cluster_unreachable'],
    [503, 'cluster_unreachable'],
  ] as const) {
    it(`says ${code} for ${status}`, async () => {
      const cause = answered(status);
      const failure = { name: 'PlatformError', code, message: `reading x: answer ${status}`, cause };
      await assert.rejects(callKubernetes('reading x', Promise.reject(cause)), failure);
      await assert.rejects(
        callKubernetes('reading x', () => {
          throw cause;
        }),
        failure,
      );
    });
  }

  for (const [status, code, message, details] of [
    [
      500,
      'admission_refused',
      'Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": failed to call webhook: Post "https://x": EOF',
      { reason: 'WebhookFailed', name: 'validate.kyverno.svc-fail' },
    ],
    [
      400,
      'admission_refused',
      'admission webhook "webhook.cert-manager.io" denied the request: no',
      { reason: 'WebhookDenied', name: 'webhook.cert-manager.io' },
    ],
    [
      422,
      'admission_refused',
      `clusterroles "x" is forbidden: ValidatingAdmissionPolicy 'deny' with binding 'all' denied request: no`,
      { reason: 'PolicyDenied', name: 'deny' },
    ],
    [
      403,
      'quota_exceeded',
      'pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
      { reason: 'QuotaExceeded', name: 'small' },
    ],
    [500, 'store_full', 'etcdserver: mvcc: database space exceeded', { reason: 'StoreFull' }],
    [500, 'store_full', 'rpc error: database or disk is full', { reason: 'StoreFull' }],
  ] as const) {
    it(`says ${code} with its name for: ${message}`, async () => {
      const cause = new ApiException(status, 'status', JSON.stringify({ message }), {});
      const failure = { code, details, message: `writing x: ${message}` };
      await assert.rejects(callKubernetes('writing x', Promise.reject(cause)), failure);
    });
  }

  it('says which API cannot be reached', async () => {
    const lost = () => Promise.reject(new Error('ECONNREFUSED'));
    await assert.rejects(callKubernetes('reading x', lost), { code: 'cluster_unreachable' });
    await assert.rejects(callManagement('reading x', lost), { code: 'management_unavailable' });
  });

  it('takes a fault of the program for no cluster that is away', async () => {
    const bug = () => (undefined as unknown as readonly string[]).map(String);
    const failure = { code: 'internal', message: /^reading x: Cannot read properties of undefined/ };
    await assert.rejects(
      callKubernetes('reading x', async () => bug()),
      failure,
    );
    await assert.rejects(
      callManagement('reading x', async () => bug()),
      failure,
    );
    // fetch's own are TypeErrors, too.
    const refused = () => fetch('http://127.0.0.1:1');
    await assert.rejects(callKubernetes('reading x', refused), { code: 'cluster_unreachable' });
    const misnamed = () => fetch('http://[');
    await assert.rejects(callKubernetes('reading x', misnamed), { code: 'cluster_unreachable' });
  });

  it('hands on answers, and failures that say already what they are', async () => {
    const own = new PlatformError('project_not_found', 'no such project');
    assert.equal(await callKubernetes('reading x', Promise.resolve('x')), 'x');
    assert.equal(await callManagement('reading x', async () => 'x'), 'x');
    await assert.rejects(
      callManagement('reading x', async () => Promise.reject(own)),
      (error) => error === own,
    );
  });
});

describe('retryOnConflict', () => {
  it('writes again while there are conflicts, and says which attempt it is', async () => {
    const { write, attempts } = failing(answered(409), answered(409));
    assert.equal(await retryOnConflict(3, write), 'written');
    assert.deepEqual(attempts, [1, 2, 3]);
  });

  it('gives up after so many attempts, and at once for any other failure', async () => {
    const late = failing(answered(409), answered(409), answered(409));
    await assert.rejects(retryOnConflict(3, late.write), { code: 409 });
    assert.deepEqual(late.attempts, [1, 2, 3]);
    const other = failing(answered(404));
    await assert.rejects(retryOnConflict(3, other.write), { code: 404 });
    assert.deepEqual(other.attempts, [1]);
  });
});

it('unlessConflict says whether it was written, orUndefined whether it is there; other failures stay', async () => {
  assert.equal(await unlessConflict(Promise.resolve()), true);
  assert.equal(await unlessConflict(Promise.reject(answered(409))), false);
  await assert.rejects(unlessConflict(Promise.reject(answered(404))), { code: 404 });
  assert.equal(await orUndefined(Promise.resolve('x')), 'x');
  assert.equal(await orUndefined(Promise.reject(answered(404))), undefined);
  await assert.rejects(orUndefined(Promise.reject(answered(409))), { code: 409 });
});
