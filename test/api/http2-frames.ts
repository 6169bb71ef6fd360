/** Frames of HTTP/2 as bytes (RFC 9113 §4.1), also such as no library writes. */

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const frameFlag = { ack: 1, endStream: 1, endHeaders: 4 } as const;

export const settingId = { maxConcurrentStreams: 3, initialWindowSize: 4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const headBytes = 9;

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

type Field = readonly [name: string, value: string | Buffer];

/** Header fields, none of them compressed. */
export function fields(...given: readonly Field[]): Buffer {
  return Buffer.concat(
    given.flatMap(([name, value]) => [Buffer.from([0]), text(Buffer.from(name)), text(Buffer.from(value))]),
  );
}

/** A string of HPACK with its length before it (RFC 7541 §5). */
function text(bytes: Buffer): Buffer {
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let left = bytes.length - 127;
  for (; left >= 128; left >>>= 7) length.push((left & 127) | 128);
  return Buffer.concat([Buffer.from([...length, left]), bytes]);
}

export function headersFrame(stream: number, block: Buffer, flags: number = frameFlag.endHeaders): Buffer {
  return frame(frameType.headers, flags, stream, block);
}

/** The answer of an agent to a stream. */
export function answerFrame(stream: number, status: number, ...more: readonly Field[]): Buffer {
  return headersFrame(stream, fields([':status', String(status)], ...more));
}

export function settingsFrame(...settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return frame(frameType.settings, 0, 0, payload);
}

/** The payload of WINDOW_UPDATE or RST_STREAM. */
export function number32(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
}

/** Gives the frames of the bytes that come, as soon as they are whole. */
export function createFrameReader(): (bytes: Buffer) => Frame[] {
  let left = Buffer.alloc(0);
  return (bytes) => {
    left = Buffer.concat([left, bytes]);
    const frames: Frame[] = [];
    for (;;) {
      const end = left.length < headBytes ? Infinity : headBytes + left.readUIntBE(0, 3);
      if (left.length < end) return frames;
      const stream = left.readUInt32BE(5);
      const payload = left.subarray(headBytes, end);
      frames.push({ type: left.readUInt8(3), flags: left.readUInt8(4), stream, payload });
      left = left.subarray(end);
    }
  };
}
