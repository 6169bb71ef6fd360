import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { findProgram } from '../../../toolchain/find-program.ts';
import type { FarCluster } from '../far-cluster/far-cluster.ts';
import { type CommandResult, run, type TestPlatform } from '../platform.ts';

/** Somebody with vCluster's own command line, unmodified, in a home folder of their own. */
export interface StockCli {
  /** `vcluster platform <line>`. */
  platform(line: string): Promise<CommandResult>;
  /** `vcluster <line>`. */
  vcluster(line: string): Promise<CommandResult>;
  /** `vcluster platform <line>` at a terminal, whose user takes the first answer to each question. */
  atTerminal(line: string): Promise<CommandResult>;
  /** kubectl with a kubeconfig that the command line printed. */
  kubectl(kubeconfig: string, line: string): Promise<CommandResult>;
  /** The address that it opened last in a browser. */
  opened(): string | undefined;
  /** Its user's home folder. */
  readonly home: string;
  /** What it keeps of the platform. */
  config(): { host?: string; accesskey?: string };
  close(): void;
}

/** @param far cluster that the user administers: the command line runs inside, with Helm and the cluster's kubeconfig */
export function openStockCli(platform: TestPlatform, far?: FarCluster): StockCli {
  const home = mkdtempSync(join(tmpdir(), 'vcp-stock-'));
  const configFile = join(home, '.vcluster', 'config.json');
  mkdirSync(dirname(configFile));
  // It would tell its maker of each command.
  writeFileSync(configFile, '{"telemetryDisabled":true}');
  const openedFile = join(home, 'opened');
  const browser = `#!/bin/sh\nprintf %s "$1" >"${openedFile}.new" && mv "${openedFile}.new" "${openedFile}"\n`;
  writeFileSync(join(home, 'xdg-open'), browser, { mode: 0o755 });
  const vcluster = findProgram('vclusterctl');
  const env = {
    PATH: `${home}:/usr/bin:/bin`,
    HOME: home,
    KUBECONFIG: join(home, 'kubeconfig'),
    // Go's programs trust no other authority then: nothing that they reach elsewhere would be let through.
    SSL_CERT_FILE: platform.admin().caFile,
    SSL_CERT_DIR: home,
    VCLUSTER_SKIP_VERSION_CHECK: 'true',
    LOFT_TIMEOUT: '4m',
  };
  if (far !== undefined) {
    copyFileSync(far.kubeconfig, env.KUBECONFIG);
    symlinkSync(findProgram('helm'), join(home, 'helm'));
  }
  const words = (line: string) => line.split(' ');
  const start = far?.exec ?? run;
  const cli = async (args: readonly string[], attemptsLeft = 3): Promise<CommandResult> => {
    const { code, stdout, stderr } = await start(vcluster, args, { env, timeoutMs: 300_000 });
    // It writes what it read a second ago; a status that was written meanwhile is a conflict, and its user tries again.
    if (attemptsLeft > 1 && stderr.includes('the object has been modified'))
      return cli(args, attemptsLeft - 1);
    // It colours what it says for a file too.
    return { code, stdout: stripVTControlCharacters(stdout), stderr: stripVTControlCharacters(stderr) };
  };
  let count = 0;
  return {
    platform: (line) => cli(['platform', ...words(line)]),
    vcluster: (line) => cli(words(line)),
    async atTerminal(line) {
      const command = `${vcluster} platform ${line}`;
      const args = ['--quiet', '--return', '--command', command, join(home, 'typescript')];
      const { code, stdout, stderr } = await run('script', args, { env, input: '\r' });
      return { code, stdout: stripVTControlCharacters(stdout), stderr };
    },
    home,
    kubectl(kubeconfig, line) {
      const file = join(home, `${++count}.kubeconfig`);
      writeFileSync(file, kubeconfig, { mode: 0o600 });
      return run(findProgram('kubectl'), ['--kubeconfig', file, ...words(line)], { env });
    },
    opened: () => (existsSync(openedFile) ? readFileSync(openedFile, 'utf8') : undefined),
    config: () =>
      (JSON.parse(readFileSync(configFile, 'utf8')) as { platform?: ReturnType<StockCli['config']> })
        .platform ?? {},
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}
