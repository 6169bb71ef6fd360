import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PlatformError } from '../contracts/errors.ts';

const oldest = { major: 1, minor: 26 };
const remedy = `install Go ${oldest.major}.${oldest.minor} or newer and put "go" on PATH`;
/** An old compiler may fetch a newer one first, which is what its answer then speaks of. */
const answerMs = 300_000;

/**
 * Path of a Go compiler that can build the module in `moduleDir`.
 * @param wanted what is to be built, for the message
 * @throws PlatformError `toolchain_unavailable`: none, too old, or it does not work; says what to do
 */
export async function findGoCompiler(moduleDir: string, wanted: string): Promise<string> {
  const refuse = (reason: string) =>
    new PlatformError(
      'toolchain_unavailable',
      `${wanted} must be built from source, and ${reason}: ${remedy} (or put these programs, in these versions, on PATH or into KUBEBUILDER_ASSETS)`,
    );
  const go = compilerPath();
  if (go === undefined) throw refuse('Go compiler not found on this machine');
  const answer = await goVersion(go, moduleDir);
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(answer) ?? [];
  if (major === undefined)
    throw refuse(`the Go compiler ${go} does not work (it says: ${answer || 'nothing'})`);
  if (Number(major) < oldest.major || (Number(major) === oldest.major && Number(minor) < oldest.minor))
    throw refuse(`the Go compiler ${go} is too old (it says: ${answer})`);
  return go;
}

/** The shell's settings without those that would change what is built; GOPROXY and the like say how modules are reached. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
}

function compilerPath(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/go/bin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'go'))
    .find((path) => existsSync(path));
}

/** Last line of its answer, or of its complaint. */
function goVersion(go: string, cwd: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const options = { cwd, env: goEnvironment(), timeout: answerMs };
  execFile(go, ['env', 'GOVERSION'], options, (error, stdout, stderr) => {
    const text = error === null ? stdout : stderr || error.message;
    resolve(text.trim().split('\n').at(-1)?.slice(0, 200) ?? '');
  });
  return promise;
}
