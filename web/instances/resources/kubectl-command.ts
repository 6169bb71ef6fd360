import { vcpCommand } from '../detail/commands.ts';
import type { InstanceName } from '../../server/instances.ts';

/** A command of kubectl, after the one that writes the kubeconfig for it. */
export function kubectlCommand(target: InstanceName, command: string): string {
  return `${vcpCommand('connect', target)}\n${command}`;
}
