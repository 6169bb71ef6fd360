import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';

/** A request on a connection of its own, whose client can wait, go on or go away. */
interface RawRequest {
  readonly socket: TLSSocket;
  /** All that came back. */
  text(): string;
}

/** Sends `head` as it is to the gateway at `url`. */
export async function sendRaw(url: string, caFile: string, head: string): Promise<RawRequest> {
  const port = Number(new URL(url).port);
  const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(caFile) });
  await once(socket, 'secureConnect');
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined);
  socket.write(head);
  return { socket, text: () => text };
}
