import { type Dispatcher, Pool } from 'undici';

type Connect = (options: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData>;

/**
 * Returns the connections of a ProxyAgent to its proxy, which say in full why there is no tunnel: undici keeps the status code alone, and
 * the gateway says the rest in `Proxy-Status` (RFC 9209).
 */
export function createProxyPool(origin: URL, options: object): Dispatcher {
  const pool = new Pool(origin, options);
  const connectAnyhow: Connect = pool.connect.bind(pool);
  const connect: Connect = async (request) => {
    const answer = await connectAnyhow(request);
    if (answer.statusCode === 200) return answer;
    answer.socket.on('error', () => undefined).destroy();
    throw new Error(refusalOf(answer));
  };
  return Object.assign(pool, { connect });
}

function refusalOf({ statusCode, headers }: Dispatcher.ConnectData): string {
  const status = headers['proxy-status'];
  const details =
    typeof status === 'string' ? /;\s*details="((?:[^"\\]|\\.)*)"/.exec(status)?.[1] : undefined;
  return details?.replace(/\\(.)/g, '$1') ?? `the proxy does not connect: it answered ${statusCode}`;
}
