import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';

/** All that a server sent on a request to upgrade to a WebSocket, as it stood on the wire. */
export interface WebSocketSession {
  /** Status line and headers; names as they came. */
  head(): string;
  /** First byte (opcode) and payload of each frame so far. */
  frames(): { opcode: number; text: string }[];
  /** What came behind the head, if the protocol was not switched. */
  body(): string;
  readonly closed: () => boolean;
  end(): void;
}

/** Opens a WebSocket by hand: what is compared is bytes. */
export function openWebSocket(
  { url, caFile }: { url: string; caFile: string },
  path: string,
  headers: readonly string[],
): WebSocketSession {
  const { hostname, port } = new URL(url);
  const socket: TLSSocket = connect({ host: hostname, port: Number(port), ca: readFileSync(caFile) });
  let bytes = Buffer.alloc(0);
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  socket.on('close', () => (isClosed = true));
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const rest = () => {
    const end = bytes.indexOf('\r\n\r\n');
    return end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  };
  return {
    head: () => bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? '',
    frames: () => framesIn(rest()),
    body: () => rest().toString('latin1'),
    closed: () => isClosed,
    end: () => socket.destroy(),
  };
}

function framesIn(bytes: Buffer): { opcode: number; text: string }[] {
  const frames = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const opcode = bytes[at] as number;
    let length = bytes[at + 1] as number;
    let start = at + 2;
    if (length === 126) {
      length = bytes.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(start));
      start += 8;
    }
    if (start + length > bytes.length) break;
    frames.push({ opcode, text: bytes.toString('utf8', start, start + length) });
    at = start + length;
  }
  return frames;
}
