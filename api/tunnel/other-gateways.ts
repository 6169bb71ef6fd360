import { connect as connectTcp, type Socket } from 'node:net';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../adapters/logging.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { basicCredential } from '../http/basic-credential.ts';
import type { TunnelRecords } from './tunnel-records.ts';

/** The way through tunnels that other gateways hold. */
export interface OtherGateways {
  /**
   * A connection to `authority` (contracts/agents.ts `tunnelTarget`), through one of the gateways that hold a tunnel of the
   * cluster; undefined if none does.
   * @throws PlatformError `cluster_unreachable` as the agent says there
   */
  open(
    cluster: { readonly uid: string; readonly name: string },
    authority: string,
  ): Promise<Duplex | undefined>;
}

/** A gateway on the same network answers at once, or does not run any more. */
const connectMs = 2_000;
const answerMs = 6_000;

/**
 * Dials their CONNECT listeners as user `gateway`, who is served by the tunnels there alone: a request goes through two gateways at most.
 * @param secret of the listeners
 */
export function createOtherGateways(
  records: Pick<TunnelRecords, 'elsewhere'>,
  secret: string,
  logger: Logger,
): OtherGateways {
  return {
    async open({ uid, name }, authority) {
      // The names of `connectTarget`.
      const target = authority.replace(/:(\d+)$/, `.${name}.connected:$1`);
      for (const address of await records.elsewhere(uid)) {
        try {
          return await throughGateway(address, target, secret);
        } catch (err) {
          // One that has just ended is in the records for some seconds; the agent has the others, or connects to them.
          if (err instanceof PlatformError) throw err;
          logger.debug({ err, address }, 'failed to reach another gateway');
        }
      }
      return undefined;
    },
  };
}

/** @throws PlatformError if it was asked and its agent refused; Error if it was not reached or holds the tunnel no more */
async function throughGateway(address: string, authority: string, secret: string): Promise<Duplex> {
  const socket = await connected(address);
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const fail = (error: Error) => {
    socket.destroy();
    reject(error);
  };
  const asking = request({
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, 'proxy-authorization': basicCredential('gateway', secret) },
    createConnection: () => socket,
    timeout: answerMs,
  });
  asking.once('timeout', () => fail(new Error('the other gateway does not answer')));
  asking.once('error', fail);
  asking.once('response', ({ statusCode }) => fail(new Error(`the other gateway answered ${statusCode}`)));
  asking.once('connect', (answer, tunnel: Socket, head) => {
    tunnel.setTimeout(0);
    if (answer.statusCode === 200) {
      if (head.length > 0) tunnel.unshift(head);
      resolve(tunnel);
      return;
    }
    if (answer.statusCode === 503) fail(new Error('the other gateway holds the tunnel no more'));
    else fail(new PlatformError('cluster_unreachable', `the agent does not connect ${authority}`));
  });
  asking.end();
  return promise;
}

function connected(address: string): Promise<Socket> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connectTcp({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => socket.destroy(new Error('the other gateway is not reached')), connectMs);
  // Stays: an error later on would end the process; `close` follows it.
  socket.on('error', reject);
  socket.once('connect', () => resolve(socket));
  socket.once('close', () => clearTimeout(timer));
  return promise.finally(() => clearTimeout(timer));
}
