import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Command } from 'commander';
import { createClient } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { findLogin, type Login, loginPath, writeLogin } from '../connection/login-file.ts';
import { platformUrl } from './options.ts';

interface LoginOptions {
  accessKey?: string;
  caFile?: string;
  insecure?: boolean;
  adminFile?: string;
  username?: string;
}

/** `vcp login` */
export function loginCommand(): Command {
  return new Command('login')
    .argument('[url]', 'https://host:port of the platform; alone: one that you are logged in to')
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
      const client = createClient(login);
      try {
        const self = await client.call<{ status: { subject: string } }>(
          'POST',
          '/kubernetes/management/apis/management.loft.sh/v1/selves',
          {},
        );
        await writeLogin(login);
        console.log(`logged in to ${login.url} as ${self.status.subject} (${loginPath()})`);
      } finally {
        await client.close();
      }
    });
}

async function loginFromOptions(url: string | undefined, options: LoginOptions): Promise<Login> {
  if (url === undefined)
    throw new CommandFailure(
      'invalid_request',
      'give the URL of the platform: vcp login https://host:port --access-key <key>',
    );
  const platform = {
    url: platformUrl(url),
    ...(options.caFile === undefined ? {} : { certificateAuthority: readText(options.caFile) }),
    ...(options.insecure === true ? { insecure: true } : {}),
  };
  if (options.username !== undefined)
    return { ...platform, accessKey: await keyForPassword(platform, options.username) };
  if (options.accessKey === undefined) {
    const present = findLogin(platform.url);
    if (present !== undefined) return { ...present, ...platform };
    throw new CommandFailure(
      'invalid_request',
      'an access key or a user name is needed: --access-key <key> or --username <name>',
    );
  }
  const accessKey = options.accessKey === '-' ? readFileSync(0, 'utf8').trim() : options.accessKey;
  return { ...platform, accessKey };
}

async function keyForPassword(platform: Omit<Login, 'accessKey'>, username: string): Promise<string> {
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
