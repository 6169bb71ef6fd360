import { PlatformError } from '../../contracts/errors.ts';
import { fromHeaderText } from '../http/header-text.ts';
import { rememberedByName } from '../http/remembered-by-name.ts';
import { identityFault } from '../identity/identity.ts';

const forbidden =
  /^(authorization|proxy-authorization|cookie2?|connection|upgrade|transfer-encoding|x-remote-.*|x-forwarded-.*)$/;

/** What a header is to an API server: part of an identity, nothing of the kind, or what must not be sent. */
type Role = 'user' | 'group' | 'original user' | 'plain' | { readonly refused: string };

const roleOf = rememberedByName((header): Role => {
  const lower = header.toLowerCase();
  const name = lower.includes('_') ? lower.replaceAll('_', '-') : lower;
  if (/[\r\n\0]/.test(name)) return { refused: 'a malformed header' };
  if (name === 'impersonate-user') return 'user';
  if (name === 'impersonate-group') return 'group';
  if (name === 'impersonate-extra-vcluster-platform.io%2foriginal-user') return 'original user';
  if (name.startsWith('impersonate')) return { refused: 'a foreign impersonation header' };
  return forbidden.test(name) ? { refused: `the header ${name}` } : 'plain';
});

/**
 * The second look, where the bytes leave, at what the header builder made: exactly one user, no reserved
 * identity, nothing else that a Kubernetes API takes an identity from. Shares no rule with the builder.
 * @param headers flat list of names and values
 * @throws PlatformError `internal`; nothing was sent
 */
export function checkOutgoingHeaders(headers: readonly string[]): void {
  let user: string | undefined;
  const groups: string[] = [];
  let originalUser: string | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const role = roleOf(headers[index] as string);
    const value = headers[index + 1];
    if (value === undefined || /[\r\n\0]/.test(value)) refuse('a malformed header');
    if (role === 'plain') continue;
    if (role === 'group') groups.push(nameIn(value));
    else if (role === 'user') user = single('users', user, value);
    else if (role === 'original user') originalUser = single('original users', originalUser, value);
    else refuse(role.refused);
  }
  if (user === undefined) refuse('no user');
  const fault = identityFault({ user, groups, ...(originalUser === undefined ? {} : { originalUser }) });
  if (fault !== undefined) refuse(fault);
}

function single(what: string, before: string | undefined, value: string): string {
  return before === undefined ? nameIn(value) : refuse(`several ${what}`);
}

/** The name as the API server will read it. */
function nameIn(value: string): string {
  return fromHeaderText(value) ?? refuse('a name that is not UTF-8');
}

function refuse(what: string): never {
  throw new PlatformError('internal', 'the request was not sent: its identity failed the final check', {
    cause: new Error(`outgoing request rejected: ${what}`),
  });
}
