import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlatformError } from '../contracts/errors.ts';
import { partDir } from './cache.ts';
import { findProgram } from './find-program.ts';
import { findGoCompiler, goEnvironment } from './go-compiler.ts';
import { vclusterPart } from './parts.ts';

const run = promisify(execFile);
const module = 'github.com/loft-sh/vcluster';
const deadlineMs = 300_000;

/** Version of vCluster's own chart, as its archive has it. */
export const vclusterChartVersion = vclusterPart.version.replace(/^v/, '');

/**
 * Path of the archive of vCluster's own chart: folder `chart` of its Go module, which is downloaded and not compiled,
 * packaged by our Helm with the version that its release gives it. In the part's folder; made at the first call.
 * @throws PlatformError `toolchain_unavailable`: no Helm, no Go compiler, or the module cannot be had
 */
export async function packageVclusterChart(): Promise<string> {
  const dir = partDir(vclusterPart);
  const archive = join(dir, `vcluster-${vclusterChartVersion}.tgz`);
  if (existsSync(archive)) return archive;
  const helm = findProgram('helm');
  const chart = join(await moduleFolder(), 'chart');
  mkdirSync(dir, { recursive: true });
  const temporary = mkdtempSync(join(dir, '.packaging-'));
  const versions = ['--version', vclusterChartVersion, '--app-version', vclusterChartVersion];
  try {
    await answer(helm, ['package', chart, ...versions, '--destination', temporary], temporary);
    // Complete when it appears, even if another process packages it at the same time.
    renameSync(join(temporary, `vcluster-${vclusterChartVersion}.tgz`), archive);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return archive;
}

async function moduleFolder(): Promise<string> {
  const moduleDir = join(import.meta.dirname, vclusterPart.name);
  const go = await findGoCompiler(moduleDir, `the chart of ${module} ${vclusterPart.version}`);
  const { Dir } = JSON.parse(await answer(go, ['mod', 'download', '-json', module], moduleDir)) as {
    Dir: string;
  };
  return Dir;
}

async function answer(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await run(program, args, { cwd, env: goEnvironment(), timeout: deadlineMs });
    return stdout;
  } catch (error) {
    const { message, stderr = '', stdout = '' } = error as Error & { stderr?: string; stdout?: string };
    throw new PlatformError(
      'toolchain_unavailable',
      `the chart of vCluster ${vclusterPart.version} cannot be packaged: ${(stderr || stdout || message).trim().slice(-300)}`,
    );
  }
}
