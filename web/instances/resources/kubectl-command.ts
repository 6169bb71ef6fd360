import { shellWord } from '../../components/shell-word.ts';
import type { InstanceName } from '../../server/instances.ts';
import { vcpCommand } from '../detail/commands.ts';

/** A command of kubectl, after the one that writes the kubeconfig for it. Names of objects may be any text: each word is quoted. */
export function kubectlCommand(target: InstanceName, ...words: readonly string[]): string {
  return `${vcpCommand('connect', target)}\n${['kubectl', ...words].map(shellWord).join(' ')}`;
}
