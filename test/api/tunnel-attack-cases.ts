import type { ErrorCode } from '../../contracts/errors.ts';
import {
  answerFrame,
  fields,
  frame,
  frameFlag,
  frameType,
  headersFrame,
  number32,
  settingId,
  settingsFrame,
} from './http2-frames.ts';

/** What a hostile agent answers to a stream that the gateway opened. */
type Answer = (stream: number) => Buffer;

const many = 20_000;
const largest = 0x7fff_ffff;
const eight = Buffer.alloc(8);
const times = (count: number, bytes: Buffer) => Buffer.concat(Array.from({ length: count }, () => bytes));
const ok = fields([':status', '200']);
const { data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation } =
  frameType;

/** What ends the session at once, with all its streams. */
export const fatal: readonly (readonly [title: string, answer: Answer])[] = [
  [
    'pushes a stream',
    (stream) =>
      frame(
        pushPromise,
        frameFlag.endHeaders,
        stream,
        Buffer.concat([number32(2), fields([':method', 'GET'], [':path', '/'])]),
      ),
  ],
  ['opens a stream', () => headersFrame(2, fields([':method', 'CONNECT'], [':authority', 'kubernetes:443']))],
  ['opens a stream with an id of the gateway', () => headersFrame(1001, ok)],
  ['switches pushing on', () => settingsFrame([2, 1])],
  ['sends 20,000 SETTINGS', () => times(many, settingsFrame())],
  ['sends 20,000 PINGs', () => times(many, frame(ping, 0, 0, eight))],
  ['answers PINGs that nobody sent', () => times(10, frame(ping, frameFlag.ack, 0, eight))],
  ['acknowledges SETTINGS that nobody sent', () => times(10, frame(settings, frameFlag.ack, 0))],
  [
    'sends CONTINUATION without end',
    (stream) =>
      Buffer.concat([
        headersFrame(stream, ok, 0),
        times(many, frame(continuation, 0, stream, fields(['a', 'b']))),
      ]),
  ],
  [
    'sends empty CONTINUATION without end',
    (stream) => Buffer.concat([headersFrame(stream, ok, 0), times(many, frame(continuation, 0, stream))]),
  ],
  ['sends 20,000 answers to come', (stream) => times(many, answerFrame(stream, 103))],
  ['sends data before its answer', (stream) => frame(data, 0, stream, eight)],
  ['sends data on a stream that there is not', () => frame(data, 0, 9_999, eight)],
  ['raises the window of a stream by 0', (stream) => frame(windowUpdate, 0, stream, number32(0))],
  ['raises the window of the session by 0', () => frame(windowUpdate, 0, 0, number32(0))],
  [
    'raises the window of a stream beyond all bounds',
    (stream) => times(2, frame(windowUpdate, 0, stream, number32(largest))),
  ],
  [
    'raises the window of the session beyond all bounds',
    () => times(2, frame(windowUpdate, 0, 0, number32(largest))),
  ],
  ['sets a window of 2 GiB and more', () => settingsFrame([settingId.initialWindowSize, largest + 1])],
  ['sets a size of frames that there is not', () => settingsFrame([5, 1])],
  ['resets a stream that there is not', (stream) => frame(reset, 0, 2 * stream + 99, number32(8))],
  [
    'sends 20,000 PRIORITYs',
    (stream) => times(many, frame(priority, 0, stream, Buffer.from([0, 0, 0, 0, 1]))),
  ],
  ['sends 20,000 frames of an unknown type', () => times(many, frame(0xbe, 0, 0, eight))],
  ['says 20,000 times that it goes', () => times(many, frame(goAway, 0, 0, eight))],
  ['sends header fields that cannot be read', (stream) => headersFrame(stream, Buffer.alloc(7, 0xff))],
  ['sends a frame for no stream', () => frame(headers, frameFlag.endHeaders, 0, ok)],
  ['sends no HTTP/2', () => Buffer.from('GET /kubernetes/management/api HTTP/1.1\r\nHost: a\r\n\r\n')],
];

const large: readonly [string, string] = ['a', 'x'.repeat(4_000)];

/** What fails the one stream, and how. */
export const refusals: readonly (readonly [
  title: string,
  answer: Answer,
  code: ErrorCode,
  message?: RegExp,
])[] = [
  ...[204, 302, 400, 404, 500].map(
    (status) =>
      [
        `answers ${status}`,
        (stream: number) => answerFrame(stream, status, ['location', 'https://evil.example/']),
        'cluster_unreachable',
        /^the agent cannot connect kubernetes:443$/,
      ] as const,
  ),
  ['answers 403', (stream) => answerFrame(stream, 403), 'forbidden'],
  ['answers 101', (stream) => answerFrame(stream, 101), 'cluster_unreachable'],
  ['answers 2e2', (stream) => answerFrame(stream, Number.NaN), 'cluster_unreachable'],
  ['answers without a status', (stream) => headersFrame(stream, fields(['a', 'b'])), 'cluster_unreachable'],
  ['resets the stream', (stream) => frame(reset, 0, stream, number32(8)), 'cluster_unreachable'],
  [
    'answers with 200 header fields',
    (stream) => answerFrame(stream, 200, ...Array.from({ length: 200 }, (_, at) => [`a${at}`, ''] as const)),
    'cluster_unreachable',
  ],
  [
    'answers with 24 kB of header fields',
    (stream) => answerFrame(stream, 500, large, large, large, large, large, large),
    'cluster_unreachable',
  ],
  [
    'gives a reason with line breaks and control characters',
    (stream) =>
      answerFrame(stream, 502, ['x-agent-reason', 'a%0D%0ASet-Cookie:%20b%00%1B%5B31m%E2%80%AE%C2%85c']),
    'cluster_unreachable',
    /^a Set-Cookie: b \[31m c$/,
  ],
  [
    'gives a reason with a bare line break',
    (stream) => answerFrame(stream, 502, ['x-agent-reason', 'a\r\nb']),
    'cluster_unreachable',
    /^the agent cannot connect kubernetes:443$/,
  ],
  [
    'gives a reason that is not UTF-8',
    (stream) => answerFrame(stream, 502, ['x-agent-reason', 'a%FF%FE']),
    'cluster_unreachable',
    /^the agent cannot connect kubernetes:443$/,
  ],
  [
    'gives a reason of bytes that are no text',
    (stream) => answerFrame(stream, 502, ['x-agent-reason', Buffer.from([0xff, 0xfe, 0x80])]),
    'cluster_unreachable',
    /^\P{C}{0,300}$/u,
  ],
  [
    'gives a reason of 5,000 characters',
    (stream) => answerFrame(stream, 502, ['x-agent-reason', 'r'.repeat(5_000)]),
    'cluster_unreachable',
    /^r{300}$/,
  ],
  [
    'gives two reasons',
    (stream) => answerFrame(stream, 502, ['x-agent-reason', 'a'], ['x-agent-reason', 'b']),
    'cluster_unreachable',
    /^a, b$/,
  ],
];
