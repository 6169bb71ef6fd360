import { readFileSync } from 'node:fs';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user for programs that refuse to run as root: `postgres` if the machine has it, else `nobody`. Undefined
 * if we are not root; then they run as ourselves. No account is made: that would outlive the state folder.
 */
export function unprivilegedUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map(toUser);
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((candidate) => candidate?.name === name);
    if (user !== undefined) return user;
  }
  throw new Error(
    'this machine has neither a user postgres nor a user nobody, but PostgreSQL refuses to run as root',
  );
}

function toUser(line: string): SystemUser | undefined {
  const [name, , uid, gid] = line.split(':');
  return name === undefined || uid === undefined || gid === undefined
    ? undefined
    : { name, uid: Number(uid), gid: Number(gid) };
}
