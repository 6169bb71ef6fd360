import type { IncomingMessage } from 'node:http';
import { PlatformError } from '../../contracts/errors.ts';

/** API servers take no larger body; uploads through `…/proxy` paths may be larger. */
export const maxKubernetesBody = 3 * 1024 * 1024;
export const tooLarge = 'the body is larger than 3 MiB, the limit of Kubernetes APIs';

/** The body of a request to a Kubernetes API, all of it. @throws PlatformError `too_large` */
export async function wholeBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The answer to a body that is too large still has to go out.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxKubernetesBody) throw new PlatformError('too_large', tooLarge);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
