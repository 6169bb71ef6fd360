import { connect } from 'node:net';

/** The answer to a plain GET of `/`. */
export async function plainGet(host: string, port: number): Promise<string> {
  const socket = connect({ host, port, timeout: 2_000 });
  socket.on('timeout', () => socket.destroy(new Error('timed out')));
  socket.end('GET / HTTP/1.0\r\n\r\n');
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  if (answer === '') throw new Error('no answer');
  return answer;
}
