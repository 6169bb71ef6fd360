import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** The program that opens an address in the browser of this machine, with its first arguments; undefined without one. */
function browserCommand(env: Environment): readonly [program: string, ...first: string[]] | undefined {
  const { BROWSER: chosen } = env;
  if (chosen) return [chosen];
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : undefined;
}

/** Opens `address` in a browser, if there is one: `$BROWSER`, or that of the desktop. False if there is none. */
export function openBrowser(address: string, env: Environment = process.env): boolean {
  const [program, ...first] = browserCommand(env) ?? [];
  if (program === undefined) return false;
  const child = spawn(program, [...first, address], { detached: true, stdio: 'ignore' });
  // A program that cannot be started: the address is printed too.
  child.on('error', () => undefined);
  child.unref();
  return true;
}
