import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { CommandFailure } from '../failures/failure.ts';
import { replaceContents, withLocks } from './locked-file.ts';

/** What `vcp login` keeps of one platform, in a file only its owner can read. */
export interface Login {
  /** Origin of the platform, which tells it from others. */
  readonly url: string;
  readonly accessKey: string;
  /** PEM of the platform's CA; absent: the authorities that Node knows. */
  readonly certificateAuthority?: string;
  /** The platform's certificate is not verified. */
  readonly insecure?: boolean;
}

/** A platform that this file had a login of, and its login unless that was ended. */
type Known = Pick<Login, 'url'> & Partial<Login>;

/** The login that commands use, and beside it the other platforms. */
type LoginFile = Partial<Login> & { readonly others?: readonly Known[] };

/** `$VCP_CONFIG`, or `~/.config/vcluster-platform/config.json`. */
export function loginPath(): string {
  const configured = process.env['VCP_CONFIG'];
  return configured ? resolve(configured) : join(homedir(), '.config', 'vcluster-platform', 'config.json');
}

/** The login that commands use. @throws CommandFailure `unauthenticated` if there is none */
export function readLogin(): Login {
  const file = readFile();
  if (isLogin(file)) return loginOf(file);
  const urls = platformsOf(file)
    .filter(isLogin)
    .map(({ url }) => url);
  if (urls.length === 0) throw new CommandFailure('unauthenticated', 'log in first: vcp login <url>');
  throw new CommandFailure(
    'unauthenticated',
    `choose a platform first: ${urls.map((url) => `vcp login ${url}`).join(' or ')}`,
  );
}

/** The login at the platform with this URL. @throws CommandFailure `unauthenticated` if there is none */
export function readLoginAt(url: string): Login {
  const login = findLogin(url);
  if (login !== undefined) return login;
  throw new CommandFailure('unauthenticated', `log in first: vcp login ${url}`);
}

/** The login at the platform with this URL, if there is one. */
export function findLogin(url: string): Login | undefined {
  return platformsOf(readFile())
    .filter(isLogin)
    .find((login) => login.url === url);
}

/**
 * The login of the only platform that this file ever knew.
 * @throws CommandFailure `unauthenticated` if it knows none or several, or its login was ended
 */
export function readOnlyLogin(): Login | undefined {
  const platforms = platformsOf(readFile());
  return platforms.length > 1 ? undefined : readLogin();
}

/** The platforms of the file, and which of them commands use. */
export function knownPlatforms(): (Known & { readonly current: boolean })[] {
  const file = readFile();
  return platformsOf(file).map((known) => ({
    ...known,
    current: known.accessKey !== undefined && known.url === file.url,
  }));
}

/** Makes the login at the platform with this URL the one that commands use; false if there is none. */
export async function useLogin(url: string): Promise<boolean> {
  const login = findLogin(url);
  if (login !== undefined) await writeLogin(login);
  return login !== undefined;
}

/** Makes this the login that commands use; those at other platforms stay. */
export async function writeLogin(login: Login): Promise<void> {
  await changeFile((file) => ({
    ...login,
    others: platformsOf(file).filter(({ url }) => url !== login.url),
  }));
}

/** Forgets the key for the platform with this URL, but not that there was one. */
export async function forgetLogin(url: string): Promise<void> {
  await changeFile((file) => {
    const others = [...(file.others ?? []).filter((known) => known.url !== url), { url }];
    return isLogin(file) && file.url !== url ? { ...loginOf(file), others } : { others };
  });
}

async function changeFile(change: (file: LoginFile) => LoginFile): Promise<void> {
  const path = loginPath();
  await withLocks([path], 0o700, () => {
    replaceContents(path, `${JSON.stringify(change(readFile()), undefined, 2)}\n`, 0o077);
  });
}

function readFile(): LoginFile {
  let text: string;
  try {
    text = readFileSync(loginPath(), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw new CommandFailure('unauthenticated', `${loginPath()} cannot be read (${code})`);
  }
  try {
    const file = JSON.parse(text) as unknown;
    if (typeof file === 'object' && file !== null && !Array.isArray(file)) return file;
  } catch {
    // said below
  }
  throw new CommandFailure(
    'unauthenticated',
    `${loginPath()} is not JSON of vcp: remove it and log in again`,
  );
}

/** All platforms of the file, the one in use first. */
function platformsOf(file: LoginFile): Known[] {
  const { others } = file;
  return [...(isLogin(file) ? [loginOf(file)] : []), ...(Array.isArray(others) ? (others as Known[]) : [])];
}

function isLogin(known: Partial<Login>): known is Login {
  return typeof known.url === 'string' && typeof known.accessKey === 'string';
}

function loginOf({ url, accessKey, certificateAuthority, insecure }: Login): Login {
  return {
    url,
    accessKey,
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(insecure === undefined ? {} : { insecure }),
  };
}

/** Scheme, host and port of a URL; undefined for other text. */
export function originOf(server: string): string | undefined {
  return URL.canParse(server) ? new URL(server).origin : undefined;
}
