import type { Identity } from '../../identity/identity.ts';
import { askRefusal, type GatewayRefusal, isDoubtful } from '../../upstreams/gateway-refusal.ts';
import type { ResolvedUpstream } from '../resolved-upstream.ts';
import { sendUpgrade, type UpgradeAnswer, type UpgradeToSend } from './send-upgrade.ts';
import { failureKind, ForwardFailure } from '../forward-failure.ts';
import type { Upstream } from '../../upstreams/upstream.ts';

/**
 * Asks `destination` to switch protocols. A credential of the gateway's own that is not known there any more is read
 * again once.
 * @returns an answer that is meant for the caller
 * @throws ForwardFailure if there is none; PlatformError `internal` if the identity check refuses
 */
export async function requestUpgrade(
  destination: ResolvedUpstream,
  identity: Identity,
  options: UpgradeToSend,
): Promise<UpgradeAnswer> {
  const first = await ask(destination, identity, options);
  if (typeof first !== 'string') return first;
  if (first === 'credential') {
    destination.refused();
    const second = await ask(destination, identity, options);
    if (typeof second !== 'string') return second;
  }
  throw new ForwardFailure(first, false, 0, new Error('the API server refuses the gateway'));
}

async function ask(
  destination: ResolvedUpstream,
  identity: Identity,
  options: UpgradeToSend,
): Promise<UpgradeAnswer | GatewayRefusal> {
  const upstream = await destination.upstream();
  try {
    const answer = await sendUpgrade(upstream, options);
    return (await refusalIn(answer, upstream, identity)) ?? answer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.name === 'PlatformError') throw error;
    const kind = failureKind(error);
    if (kind === 'credential') return kind;
    throw new ForwardFailure(kind, false, 0, error);
  }
}

async function refusalIn(
  answer: UpgradeAnswer,
  { dispatcher }: Upstream,
  identity: Identity,
): Promise<GatewayRefusal | undefined> {
  if (answer.switched) return undefined;
  const { statusCode = 0, headers, socket } = answer.response;
  if (!isDoubtful(statusCode, headers)) return undefined;
  try {
    const refusal = await askRefusal(dispatcher, identity);
    if (refusal !== undefined) socket.destroy();
    return refusal;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
