import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuditEntry } from '../../api/audit/audit-entry.ts';
import { jsonBody } from '../../api/audit/body-capture.ts';
import { describeRequest } from '../../api/audit/describe-request.ts';
import type { AuditEvent } from '../../contracts/audit.ts';

const long = 'é😀'.repeat(4_000);

describe('an audit event', () => {
  it('is bounded for any input, because PostgreSQL refuses to index long names', () => {
    for (const path of [
      `/kubernetes/project/${long}/virtualcluster/${long}/api/v1/namespaces/${long}/pods/${long}/${long}`,
      `/kubernetes/project/${long}/space/${long}/apis/${long}/v1/${long}`,
      `/kubernetes/cluster/${long}/api/v1/pods`,
      `/kubernetes/management/apis/${long}/v1/projects/${long}`,
      `/api/v1/projects/${long}/virtualclusters/${long}/${long}`,
    ]) {
      const events: AuditEvent[] = [];
      const start = { id: 'a', method: 'GET', sourceAddress: '192.0.2.1', userAgent: long };
      const entry = createAuditEntry(
        { ...start, description: describeRequest('GET', path) },
        { policy: () => 'Metadata', record: (event) => void events.push(event) },
      );
      entry.end({ code: 401, reason: long });
      const [event] = events;
      assert.ok(event !== undefined && JSON.stringify(event).length < 5_000, JSON.stringify(event));
      for (const value of Object.values(event)) assert.ok(String(value).isWellFormed());
    }
  });

  it('does not keep a body that PostgreSQL would refuse', () => {
    const omitted = { nul: { a: '\0' }, half: { a: '\ud83d' }, name: { '\udc00': 1 } };
    for (const [why, body] of Object.entries(omitted))
      assert.ok('omitted' in (jsonBody(body) as object), why);
    for (const levels of [1_001, 9_000]) {
      const deep = JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as object;
      assert.deepEqual(jsonBody(deep), { omitted: 'nested too deeply' });
    }
    const whole = {
      a: '😀',
      b: ['é', '[{"\\"['.repeat(1_000)],
      c: Array.from({ length: 2_000 }, () => [{}]),
    };
    assert.deepEqual(jsonBody(whole), whole);
  });
});
