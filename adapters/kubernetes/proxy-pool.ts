import { type Dispatcher, Pool } from 'undici';
import { PlatformError } from '../../contracts/errors.ts';

type Connect = (options: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData>;

/** The gateway's answer when no agent of the cluster is connected. */
const offlineStatus = 503;

/**
 * Returns the connections of a ProxyAgent to its proxy, which say in full why there is no tunnel: undici keeps the status code alone, and
 * the gateway says the rest in `Proxy-Status` (RFC 9209). A cluster whose agent is away is a PlatformError `cluster_offline` among the causes.
 */
export function createProxyPool(origin: URL, options: object): Dispatcher {
  const pool = new Pool(origin, options);
  const connectAnyhow: Connect = pool.connect.bind(pool);
  const connect: Connect = async (request) => {
    const answer = await connectAnyhow(request);
    if (answer.statusCode === 200) return answer;
    answer.socket.on('error', () => undefined).destroy();
    const reason = refusalOf(answer);
    const cluster = /\.([^.]+)\.connected:\d+$/.exec(request.path)?.[1];
    if (answer.statusCode !== offlineStatus || cluster === undefined) throw new Error(reason);
    throw new PlatformError('cluster_offline', reason, { details: { connectedCluster: cluster } });
  };
  return Object.assign(pool, { connect });
}

function refusalOf({ statusCode, headers }: Dispatcher.ConnectData): string {
  const status = headers['proxy-status'];
  const details =
    typeof status === 'string' ? /;\s*details="((?:[^"\\]|\\.)*)"/.exec(status)?.[1] : undefined;
  return details?.replace(/\\(.)/g, '$1') ?? `the proxy does not connect: it answered ${statusCode}`;
}
