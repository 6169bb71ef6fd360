import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Command } from 'commander';
import { createClient } from '../connection/client.ts';
import { beginBrowserLogin } from '../connection/browser-login.ts';
import { CommandFailure } from '../failures/failure.ts';
import { openBrowser } from '../shell/browser.ts';
import { onInterrupt } from '../shell/interrupt.ts';
import { findLogin, type Login, loginPath, writeLogin } from '../connection/login-file.ts';
import { managementResources } from '../reading/management.ts';
import { platformUrl } from './options.ts';

interface LoginOptions {
  accessKey?: string;
  caFile?: string;
  insecure?: boolean;
  adminFile?: string;
  username?: string;
  browser?: boolean;
}

type Platform = Omit<Login, 'accessKey'>;

/** `vcp login` */
export function loginCommand(): Command {
  return new Command('login')
    .argument(
      '[url]',
      'https://host:port of the platform; alone: goes back to a login there, or logs in by browser',
    )
    .option('--browser', 'log in by browser, also where you are logged in or there is no terminal')
    .option('--access-key <key>', 'access key; "-" reads it from standard input')
    .option('--username <name>', 'log in with a password, which is asked for or read from standard input')
    .option('--ca-file <file>', "PEM file with the platform's CA")
    .option('--insecure', "do not verify the platform's certificate")
    .option('--admin-file <file>', 'admin.json of an embedded platform, instead of all of the above')
    .action(async (url: string | undefined, options: LoginOptions) => {
      const login =
        options.adminFile === undefined
          ? await loginFromOptions(url, options)
          : loginFromAdminFile(options.adminFile);
      const subject = await subjectOf(login);
      await writeLogin(login);
      console.log(`logged in to ${login.url} as ${subject} (${loginPath()})`);
    });
}

/** Whose login it is. @throws CommandFailure `unauthenticated` if its key is none */
async function subjectOf(login: Login): Promise<string> {
  const client = createClient(login);
  try {
    const path = `${managementResources}/selves`;
    return (await client.call<{ status: { subject: string } }>('POST', path, {})).status.subject;
  } finally {
    await client.close();
  }
}

async function loginFromOptions(url: string | undefined, options: LoginOptions): Promise<Login> {
  if (url === undefined)
    throw new CommandFailure('invalid_request', 'give the URL of the platform: vcp login https://host:port');
  const platform = {
    url: platformUrl(url),
    ...(options.caFile === undefined ? {} : { certificateAuthority: readText(options.caFile) }),
    ...(options.insecure === true ? { insecure: true } : {}),
  };
  if (options.username !== undefined)
    return { ...platform, accessKey: await keyForPassword(platform, options.username) };
  if (options.accessKey === undefined) return loginWithoutKey(platform, options.browser === true);
  const accessKey = options.accessKey === '-' ? readFileSync(0, 'utf8').trim() : options.accessKey;
  return { ...platform, accessKey };
}

/** The login that is there, if it still holds; else one by browser, if a person is there to do it. */
async function loginWithoutKey(platform: Platform, byBrowser: boolean): Promise<Login> {
  const isForPerson = byBrowser || process.stderr.isTTY;
  const present = byBrowser ? undefined : findLogin(platform.url);
  const login = present && { ...present, ...platform };
  if (login !== undefined && (!isForPerson || (await holds(login)))) return login;
  if (isForPerson) return { ...platform, accessKey: await keyByBrowser(platform) };
  throw new CommandFailure(
    'invalid_request',
    'without a terminal a login needs an access key or a user name: --access-key <key> or --username <name>',
  );
}

async function holds(login: Login): Promise<boolean> {
  try {
    await subjectOf(login);
    return true;
  } catch (error) {
    if (error instanceof CommandFailure && error.code === 'unauthenticated') return false;
    throw error;
  }
}

async function keyByBrowser(platform: Platform): Promise<string> {
  const client = createClient({ ...platform, accessKey: '' });
  try {
    // What is wrong with the address or its certificate is said here, and not by the browser.
    await client.call('GET', '/auth/info');
  } finally {
    await client.close();
  }
  const { address, accessKey } = await beginBrowserLogin(platform.url);
  const release = onInterrupt(() => 'the login was cancelled; nothing has changed');
  const asks = openBrowser(address) ? 'a browser opens' : 'open in a browser on this machine';
  process.stderr.write(`${asks}: ${address}\nwaiting for the login there; Ctrl-C cancels\n`);
  try {
    return await accessKey;
  } finally {
    release();
  }
}

async function keyForPassword(platform: Platform, username: string): Promise<string> {
  const client = createClient({ ...platform, accessKey: '' });
  try {
    const password = await readPassword(`Password of ${username}: `);
    if (password === '')
      throw new CommandFailure(
        'invalid_request',
        'no password was given: type it, or give it as the first line of standard input',
      );
    return (await client.call<{ accessKey: string }>('POST', '/auth/password/login', { username, password }))
      .accessKey;
  } finally {
    await client.close();
  }
}

function loginFromAdminFile(path: string): Login {
  const { url, accessKey, caFile } = parseAdminFile(path);
  if (url === undefined || accessKey === undefined || caFile === undefined)
    throw new CommandFailure('invalid_request', `the file ${path} is not the admin.json of a platform`);
  return { url: platformUrl(url), accessKey, certificateAuthority: readText(caFile) };
}

function parseAdminFile(path: string): { url?: string; accessKey?: string; caFile?: string } {
  try {
    return (JSON.parse(readText(path)) ?? {}) as ReturnType<typeof parseAdminFile>;
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    return {}; // the error quotes the text, which holds a key
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new CommandFailure('invalid_request', `the file ${path} cannot be read`);
  }
}

/** A password from the terminal, which does not show it, or the first line of standard input. Never from an argument. */
async function readPassword(prompt: string): Promise<string> {
  const terminal = process.stdin.isTTY;
  if (terminal) process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (terminal) process.stderr.write('\n');
  }
}
