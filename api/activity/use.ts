import type { IncomingHttpHeaders } from 'node:http';
import { kubernetesRequest } from '../../domain/requests/kubernetes-request.ts';
import type { JudgedUse } from '../../domain/sleep/ignored-use.ts';
import { type LastActivityInfo, lastActivityInfo } from '../../domain/sleep/last-activity.ts';
import { fromHeaderText } from '../http/header-text.ts';
import type { KubernetesTarget } from '../http/kubernetes-path.ts';
import type { Caller } from '../identity/caller.ts';

/** A request to a tenant cluster or space, of a caller who may use it. */
export interface UsingRequest {
  readonly caller: Caller;
  readonly target: KubernetesTarget;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** What is kept of such a request; nothing of it is longer than what is shown. */
export interface Use extends JudgedUse {
  /** It says itself that it is none. */
  readonly isUnnoticed: boolean;
  /** Name of the access key that it came with, if it did. */
  readonly accessKey: string | undefined;
}

const longPath = 1_024;

export function useOf({ caller, target, method, headers }: UsingRequest): Use {
  const { credential, identity, insideAs } = caller;
  const { verb, resource } = kubernetesRequest(method, target.upstreamPath);
  const info = lastActivityInfo({
    subject: insideAs?.user ?? identity.originalUser ?? identity.user,
    host: headers.host,
    verb,
    apiGroup: resource?.group,
    resource: resource?.resource,
    subresource: resource?.subresource,
    name: resource?.name,
    userAgent: fromHeaderText(headers['user-agent'] ?? ''),
  });
  return {
    // Parts of a text keep all of it in memory; those that are parsed are texts of their own.
    ...(target.upstreamPath.length > longPath
      ? (JSON.parse(JSON.stringify(info)) as LastActivityInfo)
      : info),
    groups: identity.groups,
    isUnnoticed: headers['x-sleep-mode-ignore'] === 'true',
    accessKey: credential.kind === 'access-key' ? credential.name : undefined,
  };
}
