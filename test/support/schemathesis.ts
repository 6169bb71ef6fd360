import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from '../../toolchain/cache.ts';
import { type CommandResult, run } from './platform.ts';

const version = '4.32.5';
const folder = cacheDir(`schemathesis-${version}`);
const program = join(folder, 'bin', 'schemathesis');
const installMs = 300_000;

/** Installs Schemathesis into a folder of its own where Python and PyPI are. Gives why not, where they are not. */
export async function installSchemathesis(): Promise<string | undefined> {
  if (existsSync(join(folder, 'done'))) return undefined;
  const python = await run('python3', ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))']);
  if (python.code !== 0) return 'there is no Python 3.10 with venv, which Schemathesis needs';
  const made = await run('python3', ['-m', 'venv', '--clear', folder]);
  const installed =
    made.code === 0
      ? await run(
          join(folder, 'bin', 'pip'),
          ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${version}`],
          { timeoutMs: installMs },
        )
      : made;
  if (installed.code !== 0)
    return `Schemathesis cannot be installed: ${installed.stderr.trim().split('\n').at(-1)}`;
  writeFileSync(join(folder, 'done'), '');
  return undefined;
}

export interface Fuzzing {
  /** Address of the gateway. */
  readonly url: string;
  readonly caFile: string;
  /** Access key; undefined: none. */
  readonly key: string | undefined;
  /** Path of the OpenAPI document, and what its paths are below. */
  readonly document: string;
  readonly base: string;
  /** Names of the checks, or `all`. */
  readonly checks: string;
  /** Which of examples, coverage, fuzzing and stateful. */
  readonly phases: readonly string[];
  /** Examples of each operation. */
  readonly examples: number;
  /** What Schemathesis cannot know of the API: its `schemathesis.toml`. */
  readonly config: string;
}

/** Fuzzes the API from its own document, always with the same requests. */
export async function fuzz({
  url,
  caFile,
  key,
  examples,
  phases,
  config,
  ...api
}: Fuzzing): Promise<CommandResult> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-fuzz-'));
  const configFile = join(dir, 'schemathesis.toml');
  // The key goes through a file that is gone afterwards, not through the list of processes.
  const header = key === undefined ? '' : `[headers]\nAuthorization = "Bearer ${key}"\n`;
  writeFileSync(configFile, `${config}\n${header}`, { mode: 0o600 });
  try {
    return await run(
      program,
      [
        '--config-file',
        configFile,
        '--no-color',
        'run',
        `${url}${api.document}`,
        ...['--url', `${url}${api.base}`, '--tls-verify', caFile],
        ...['--checks', api.checks, '--continue-on-failure', '--phases', phases.join(',')],
        ...['--max-examples', String(examples), '--seed', '1', '--generation-deterministic'],
      ],
      // It keeps what it learned where it runs.
      { timeoutMs: 1_800_000, cwd: dir },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
