import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { PlatformError } from '../../contracts/errors.ts';
import { createGatewayMetrics } from '../../api/metrics/gateway-metrics.ts';
import { requestContext } from '../../api/http/request-context.ts';
import { takeUncaughtFailures } from '../../adapters/uncaught-failures.ts';

const withCode = (code: string | number) => Object.assign(new Error('it broke off'), { code });

/** A process that failures come from, and what was made of them. */
function install() {
  const from = new EventEmitter();
  const lines: { reqId?: string; kind: string; level: number }[] = [];
  const ended: unknown[] = [];
  const cut: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const metrics = createGatewayMetrics();
  takeUncaughtFailures(
    { logger, count: metrics.uncaught, context: () => requestContext.getStore(), end: () => ended.push(1) },
    from as never,
  );
  const inRequest = (id: string, fail: () => void) =>
    requestContext.run({ id, cut: () => cut.push(id) }, fail);
  return { from, lines, ended, cut, metrics, inRequest };
}

describe('the handler of uncaught failures', () => {
  it('survives aborted connections', () => {
    const { from, ended, lines } = install();
    const failures = [
      new DOMException('aborted', 'AbortError'),
      AbortSignal.timeout(0).reason ?? new DOMException('late', 'TimeoutError'),
      withCode('ECONNRESET'),
      withCode('EPIPE'),
      withCode('UND_ERR_SOCKET'),
      withCode('ERR_STREAM_WRITE_AFTER_END'),
      withCode('ERR_STREAM_PREMATURE_CLOSE'),
      withCode('ERR_SSL_WRONG_VERSION_NUMBER'),
      withCode(14),
      withCode('57P01'),
    ];
    for (const failure of failures) from.emit('uncaughtException', failure, 'uncaughtException');
    assert.deepEqual(ended, []);
    assert.deepEqual([...new Set(lines.map(({ kind, level }) => `${kind} ${level}`))], ['stream 50']);
  });

  it('ends the connection of a failed request, and logs its id', async () => {
    const { from, ended, lines, cut, metrics, inRequest } = install();
    inRequest('of-anna', () => from.emit('uncaughtException', new TypeError('a bug'), 'uncaughtException'));
    inRequest('of-ben', () => from.emit('unhandledRejection', new PlatformError('internal', 'a bug')));
    assert.deepEqual(ended, []);
    assert.deepEqual(cut, ['of-anna', 'of-ben']);
    assert.deepEqual(
      lines.map(({ reqId, kind }) => [reqId, kind]),
      [
        ['of-anna', 'request'],
        ['of-ben', 'request'],
      ],
    );
    assert.match(await metrics.text(), /^vcp_gateway_uncaught_failures_total\{kind="request"\} 2$/m);
  });

  it('ends the process in order for any other failure, once', async () => {
    const { from, ended, metrics } = install();
    for (const failure of [new TypeError('a bug'), new Error('another'), undefined])
      from.emit('unhandledRejection', failure);
    assert.equal(ended.length, 1);
    assert.match(await metrics.text(), /^vcp_gateway_uncaught_failures_total\{kind="process"\} 3$/m);
  });
});
