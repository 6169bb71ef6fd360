import type { CertificatePair } from '../adapters/certificates/certificate-authority.ts';
import { readyPath } from '../adapters/kubernetes/readiness-path.ts';
import { answersOk } from './https-probe.ts';

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
  return answersOk(new URL(probe.path ?? readyPath, probe.url), {
    ca: probe.certificateAuthority,
    cert: probe.client.certificate,
    key: probe.client.key,
  });
}
