import { spawn } from 'node:child_process';
import { join } from 'node:path';

const cliMain = join(import.meta.dirname, '../../cli/main.ts');

/** Runs a command with its output shown under the command line a person would type. */
async function show(
  shown: string,
  command: string,
  args: readonly string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<void> {
  console.log(`\n  \u001b[36m$ ${shown}\u001b[0m`);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env, signal });
  child.on('error', reject);
  child.on('close', resolve);
  const code = await promise;
  if (code !== 0) throw new Error(`"${shown}" exited with ${code}`);
}

/** The two commands of the demo: `vcp`, and `kubectl` inside the tenant cluster. */
export function createShell({
  stateDir,
  kubectl,
  tenantKubeconfig,
  signal,
}: {
  stateDir: string;
  kubectl: string;
  tenantKubeconfig: string;
  signal: AbortSignal;
}) {
  const options = { env: { ...process.env, VCP_CONFIG: join(stateDir, 'vcp-config.json') }, signal };
  return {
    vcp: (...args: string[]) => show(`vcp ${args.join(' ')}`, process.execPath, [cliMain, ...args], options),
    inTenant: (...args: string[]) =>
      show(`kubectl ${args.join(' ')}`, kubectl, ['--kubeconfig', tenantKubeconfig, ...args], options),
  };
}
