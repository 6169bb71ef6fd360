import { X509Certificate } from 'node:crypto';
import { Command } from 'commander';
import { CommandFailure } from '../failures/failure.ts';
import { type Login, originOf, readLoginAt, readOnlyLogin } from '../connection/login-file.ts';

/** `vcp token`: what kubectl asks for when a kubeconfig names it as its exec plugin. */
export function tokenCommand(): Command {
  return new Command('token')
    .option('--platform <url>', 'the platform that the key is for')
    .action(async ({ platform }: { platform?: string }) => {
      const { accessKey } = await loginFor(platform, clusterOfKubectl());
      console.log(
        JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { token: accessKey },
        }),
      );
    });
}

/** Where kubectl sends the key (`provideClusterInfo` in the kubeconfig). */
interface ClusterInfo {
  readonly server?: string;
  readonly 'certificate-authority-data'?: string;
}

function clusterOfKubectl(): ClusterInfo | undefined {
  const info = process.env['KUBERNETES_EXEC_INFO'];
  if (!info) return undefined;
  try {
    return (JSON.parse(info) as { spec?: { cluster?: ClusterInfo } }).spec?.cluster;
  } catch {
    throw new CommandFailure('invalid_request', 'KUBERNETES_EXEC_INFO is not JSON');
  }
}

/**
 * The login whose key may go to the platform that a context is bound to.
 * @throws CommandFailure `unauthenticated` if there is none; `forbidden` if the context leads somewhere else
 */
async function loginFor(platform: string | undefined, cluster: ClusterInfo | undefined): Promise<Login> {
  const server = cluster?.server === undefined ? undefined : originOf(cluster.server);
  const bound = platform === undefined ? server : (originOf(platform) ?? platform);
  if (bound === undefined) return onlyLogin();
  const login = readLoginAt(bound);
  if (cluster === undefined) return login;
  if (server !== login.url)
    throw refusal(`the context leads to ${server}, and its key belongs to ${login.url}`);
  if (!isSameAuthority(cluster['certificate-authority-data'], login.certificateAuthority))
    throw refusal(`the context has another certificate authority than the login at ${login.url}`);
  return login;
}

/** For a context that does not say its platform, as earlier versions wrote: safe while there is only one. */
async function onlyLogin(): Promise<Login> {
  const login = readOnlyLogin();
  const { unboundServers } = await import('../kubeconfig/kubeconfig-file.ts');
  if (login !== undefined && unboundServers().every((server) => server === login.url)) return login;
  throw refusal('the context does not say which of several platforms it belongs to');
}

function refusal(reason: string): CommandFailure {
  return new CommandFailure('forbidden', `${reason}: run vcp connect again`);
}

/** Whether two bundles of certificates share one; where either has none, its user decided whom to believe. */
function isSameAuthority(data: string | undefined, pem: string | undefined): boolean {
  if (!data || pem === undefined) return true;
  const ours = fingerprints(pem);
  return fingerprints(Buffer.from(data, 'base64').toString()).some((one) => ours.includes(one));
}

function fingerprints(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block).fingerprint256);
}
