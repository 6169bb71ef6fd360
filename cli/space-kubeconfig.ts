import type { SpaceInstance } from '../contracts/resources/space-instance.ts';
import { CommandFailure } from './failure.ts';
import { type Kubeconfig, withOwnPlugin } from './kubeconfig-file.ts';
import type { Login } from './login-file.ts';

/**
 * A kubeconfig whose context is the namespace of a space. It names the platform and the command that gives kubectl
 * its key, so nothing is issued for it.
 * @throws CommandFailure `cluster_unreachable` if the space has no namespace yet
 */
export function spaceKubeconfig(
  login: Login,
  project: string,
  { metadata, spec }: SpaceInstance,
): Kubeconfig {
  const { name } = metadata;
  const namespace = spec?.clusterRef?.namespace;
  if (!namespace)
    throw new CommandFailure(
      'cluster_unreachable',
      `the namespace of space ${name} does not exist yet; try again`,
    );
  const entry = `vcluster-platform_${name}_${project}`;
  const { url, certificateAuthority, insecure } = login;
  const trust =
    certificateAuthority === undefined
      ? insecure === true
        ? { 'insecure-skip-tls-verify': true }
        : {}
      : { 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') };
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };
  return withOwnPlugin({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: entry, cluster: { server: `${url}/kubernetes/project/${project}/space/${name}`, ...trust } },
    ],
    users: [{ name: entry, user: { exec } }],
    contexts: [{ name: entry, context: { cluster: entry, user: entry, namespace } }],
    'current-context': entry,
  });
}
