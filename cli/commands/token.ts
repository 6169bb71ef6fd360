import { Command } from 'commander';
import { readLogin } from '../login-file.ts';

/** `vcp token`: what kubectl asks for when a kubeconfig names it as its exec plugin. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('Print the access key for kubectl (an ExecCredential)')
    .action(() => {
      const { accessKey } = readLogin();
      console.log(
        JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { token: accessKey },
        }),
      );
    });
}
