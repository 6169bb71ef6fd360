import { request } from 'node:https';
import type { CertificatePair } from '../../adapters/certificates/certificate-authority.ts';

/** Asked by every wait for an API server: what it excludes takes a second and nothing here depends on it. */
const readyPath =
  '/readyz?exclude=poststarthook/rbac/bootstrap-roles&exclude=poststarthook/scheduling/bootstrap-system-priority-classes';

export interface ApiServerProbe {
  /** `https://host:port` */
  url: string;
  certificateAuthority: string;
  /** Of a member of `system:masters`. */
  client: CertificatePair;
  /** Default: ready but for roles and priority classes. */
  path?: string;
}

/** Whether the API server answers 200 within two seconds. Rejects while nothing listens. */
export function isApiServerReady(probe: ApiServerProbe): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(probe.path ?? readyPath, probe.url),
      {
        ca: probe.certificateAuthority,
        cert: probe.client.certificate,
        key: probe.client.key,
        agent: false,
        timeout: 2000,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 2 s')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
