import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CommandFailure } from './failure.ts';

/** What `vcp login` keeps, in a file only its owner can read. */
export interface Login {
  readonly url: string;
  readonly accessKey: string;
  /** PEM of the platform's CA; absent: the authorities that Node knows. */
  readonly certificateAuthority?: string;
  /** The platform's certificate is not verified. */
  readonly insecure?: boolean;
}

/** `$VCP_CONFIG`, or `~/.config/vcluster-platform/config.json`. */
export function loginPath(): string {
  const configured = process.env['VCP_CONFIG'];
  return configured ? resolve(configured) : join(homedir(), '.config', 'vcluster-platform', 'config.json');
}

/** @throws CommandFailure `unauthenticated` if not logged in */
export function readLogin(): Login {
  let text: string;
  try {
    text = readFileSync(loginPath(), 'utf8');
  } catch {
    throw new CommandFailure('unauthenticated', 'log in first: vcp login <url> --access-key <key>');
  }
  try {
    return JSON.parse(text) as Login;
  } catch {
    throw new CommandFailure('unauthenticated', `${loginPath()} is not JSON: log in again`);
  }
}

export function writeLogin(login: Login): void {
  writePrivateFile(loginPath(), `${JSON.stringify(login, undefined, 2)}\n`);
}

/** Writes `text` to `path` at once, readable by its owner only. */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, text, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
